#!/usr/bin/env bash
# A Ceph cluster of one monitor, one OSD in memory and one S3 gateway (RGW), on the loopback interface, without systemd or root.
# Prints "ready" when the gateway answers, and runs until its stdin is closed, SIGTERM, or MAX_SECONDS have passed. Then it kills
# its daemons and removes DIRECTORY. The kernel kills them when this shell itself is killed: none outlives it.
set -euo pipefail
: "${DIRECTORY:?}" "${MON_PORT:?}" "${S3_PORT:?}" "${ACCESS_KEY:?}" "${SECRET_KEY:?}"
boot_seconds=${BOOT_SECONDS:-60}
max_seconds=${MAX_SECONDS:-900}
export CEPH_CONF=$DIRECTORY/ceph.conf
declare -A daemons=()

main() {
  trap clean_up EXIT
  trap 'exit 143' TERM INT HUP
  mkdir -p "$DIRECTORY"/{mon,osd,run,log}
  fsid=$(cat /proc/sys/kernel/random/uuid)
  osd_uuid=$(cat /proc/sys/kernel/random/uuid)
  write_configuration
  start_monitor
  start_osd
  start_gateway
  echo ready
  read -r -t "$max_seconds" || true
}

write_configuration() {
  cat >"$CEPH_CONF" <<CONF
[global]
fsid = $fsid
mon_host = v1:127.0.0.1:$MON_PORT
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_msgr2 = false
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
run_dir = $DIRECTORY/run
admin_socket = $DIRECTORY/run/\$name.asok
pid_file = $DIRECTORY/run/\$name.pid
crash_dir = $DIRECTORY/crash
log_file = $DIRECTORY/log/\$name.log
mon_cluster_log_file = $DIRECTORY/log/cluster.log
log_to_stderr = false
err_to_stderr = true
# Waits that make sense between machines.
paxos_propose_interval = 0.05
paxos_min_wait = 0.01
# One OSD holds the only copy.
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pgp_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
osd_class_update_on_start = false
osd_crush_update_on_start = false
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
[mon.a]
mon_data = $DIRECTORY/mon
# A disk that is nearly full is no reason to refuse.
mon_data_avail_crit = 1
mon_data_avail_warn = 1
[osd.0]
osd_data = $DIRECTORY/osd
osd_objectstore = memstore
memstore_device_bytes = 1073741824
[client.rgw]
rgw_frontends = beast endpoint=127.0.0.1:$S3_PORT
rgw_thread_pool_size = 32
rgw_run_sync_thread = false
CONF
}

start_monitor() {
  monmaptool --create --clobber --fsid "$fsid" --addv a "[v1:127.0.0.1:$MON_PORT]" "$DIRECTORY/monmap" >/dev/null
  ceph-mon -i a --mkfs --monmap "$DIRECTORY/monmap"
  start mon ceph-mon -i a -f
  until_done mon timeout 5 ceph osd new "$osd_uuid" 0
  until_done mon timeout 5 ceph osd crush add osd.0 1.0 root=default host=localhost
}

start_osd() {
  ceph-osd -i 0 --mkfs --osd-uuid "$osd_uuid" --monmap "$DIRECTORY/monmap" 2>"$DIRECTORY/log/osd-mkfs.out"
  start osd ceph-osd -i 0 -f
  until_done mon osd_is_up
}

# Without cephx the OSD can lose a race at its start ("wrong fsid") and end; then it is started again.
osd_is_up() {
  is_running osd || start osd ceph-osd -i 0 -f
  timeout 5 ceph osd stat | grep -q ' 1 up'
}

start_gateway() {
  until_done osd timeout 30 radosgw-admin user create --uid=test --display-name=test --access-key="$ACCESS_KEY" --secret-key="$SECRET_KEY"
  start rgw radosgw -n client.rgw -f
  until_done rgw gateway_listens
}

gateway_listens() { (: <>"/dev/tcp/127.0.0.1/$S3_PORT"); }

# start NAME COMMAND...
start() {
  setpriv --pdeathsig KILL "${@:2}" </dev/null >>"$DIRECTORY/log/$1.out" 2>&1 &
  daemons[$1]=$!
}

is_running() { kill -0 "${daemons[$1]}" 2>/dev/null; }

# until_done NAME COMMAND...: repeats the command until it succeeds, while the daemon runs and there is time.
until_done() {
  until "${@:2}" >"$DIRECTORY/log/try.out" 2>&1; do
    is_running "$1" || fail "$1 ended: $(tail -n 3 "$DIRECTORY/log/$1.out")"
    [ $SECONDS -lt "$boot_seconds" ] || fail "not done after $boot_seconds s: ${*:2}: $(tail -n 3 "$DIRECTORY/log/try.out")"
    sleep .1
  done
}

fail() {
  echo "cluster.sh: $*" >&2
  exit 1
}

# Nothing is worth a clean shutdown: it was all in memory.
clean_up() {
  for pid in "${daemons[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
  wait 2>/dev/null
  rm -rf "$DIRECTORY"
}

main
