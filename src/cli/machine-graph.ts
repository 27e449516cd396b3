import type { AnyStateMachine, AnyStateNode } from 'xstate';

/** An edge of the drawing: transitions between the same two states are drawn as one. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly events: readonly string[];
  /** A human decision, the step's own outcome, or its failure. */
  readonly kind: 'done' | 'failed' | 'decided';
}

export interface GraphState {
  /** The path, as in `sealing.uploading`. */
  readonly name: string;
  readonly parent: string | null;
  readonly children: readonly string[];
  readonly final: boolean;
}

export interface MachineGraph {
  readonly initial: string;
  readonly states: readonly GraphState[];
  readonly edges: readonly GraphEdge[];
}

/** Events that lead away from nearly every state: drawn only when asked for, since they hide all the rest. */
export const EVERYWHERE: readonly string[] = ['ABANDONED', 'REPLAY_REQUESTED'];

/** States and events as the machine itself defines them. Transitions that stay in their state are left out. */
export function machineGraph(machine: AnyStateMachine, options: { readonly all: boolean }): MachineGraph {
  const nodes = descendants(machine.root);
  const edges = new Map<string, { from: string; to: string; events: string[]; kind: GraphEdge['kind'] }>();
  for (const node of nodes) {
    for (const [type, transitions] of node.transitions as Map<string, readonly { target?: readonly AnyStateNode[] }[]>) {
      if (!options.all && EVERYWHERE.includes(type)) continue;
      for (const { target } of transitions) {
        const [first] = target ?? [];
        if (first === undefined || first === node) continue;
        const { kind, word } = classify(type);
        const key = `${nameOf(node)}>${nameOf(first)}>${kind}`;
        const edge = edges.get(key) ?? { from: nameOf(node), to: nameOf(first), events: [], kind };
        if (!edge.events.includes(word)) edge.events.push(word);
        edges.set(key, edge);
      }
    }
  }
  const states = nodes.map((node) => ({
    name: nameOf(node),
    parent: node.parent === machine.root || node.parent === undefined ? null : nameOf(node.parent),
    children: Object.values(node.states).map(nameOf),
    final: node.type === 'final',
  }));
  return {
    initial: leaf(machine.root),
    states,
    edges: [...edges.values()].map((edge) => ({ ...edge, to: leafOf(nodes, edge.to) })),
  };
}

function descendants(node: AnyStateNode): AnyStateNode[] {
  return Object.values(node.states as Record<string, AnyStateNode>).flatMap((child) => [child, ...descendants(child)]);
}

function nameOf(node: AnyStateNode): string {
  return node.path.join('.');
}

/** Where entering a state leads to. */
function leaf(node: AnyStateNode): string {
  const [target] = node.initial?.target ?? [];
  return target === undefined ? nameOf(node) : leaf(target as AnyStateNode);
}

function leafOf(nodes: readonly AnyStateNode[], name: string): string {
  const node = nodes.find((candidate) => nameOf(candidate) === name);
  return node === undefined ? name : leaf(node);
}

function classify(type: string): { kind: GraphEdge['kind']; word: string } {
  if (type.startsWith('xstate.done.')) return { kind: 'done', word: 'done' };
  if (type.startsWith('xstate.error.')) return { kind: 'failed', word: 'failed' };
  return { kind: 'decided', word: type };
}
