import { ROLES } from '../../src/config/policy.js';
import { ACTIONS, PERMISSIONS } from '../../src/machine/permissions.js';

const BEGIN_MARK = '<!-- permissions -->';
const END_MARK = '<!-- /permissions -->';

/** The document with its table of permissions made anew between its marks. Throws when it has no marks. */
export function withPermissionTable(document: string): string {
  const begin = document.indexOf(BEGIN_MARK);
  const end = document.indexOf(END_MARK);
  if (begin < 0 || end < begin) throw new Error(`the document has no ${BEGIN_MARK} ... ${END_MARK}`);
  const head = ['', ...ROLES, 'with separation of duties, not'];
  const rows = ACTIONS.map((action) => {
    const { roles, signs, drives, judgesFailure } = PERMISSIONS[action];
    const not = [
      signs ? 'whoever drove the run, let something pass in it, or has signed in another role' : null,
      drives || judgesFailure ? 'whoever has signed' : null,
      judgesFailure ? 'whoever drove an attempt that failed' : null,
    ];
    const cells = ROLES.map((role) => (roles.includes(role) ? 'yes' : '-'));
    return [`\`${action}\``, ...cells, not.filter((one) => one !== null).join('; ')];
  });
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `${document.slice(0, begin)}${BEGIN_MARK}\n\n${lines.join('\n')}\n\n${document.slice(end)}`;
}
