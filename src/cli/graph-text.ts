import type { GraphState, MachineGraph } from './machine-graph.js';

/** A Mermaid state diagram; `current` is highlighted. */
export function mermaidText({ initial, states, edges }: MachineGraph, current: string | null): string {
  const lines = ['stateDiagram-v2', '  direction TB'];
  for (const state of states.filter(({ children }) => children.length > 0)) {
    lines.push(`  state ${state.name} {`, ...state.children.map((child) => `    ${id(child)}`), '  }');
  }
  for (const { name, parent } of states) if (parent !== null) lines.push(`  state "${name}" as ${id(name)}`);
  lines.push(`  [*] --> ${id(initial)}`);
  for (const { from, to, events } of edges) lines.push(`  ${id(from)} --> ${id(to)} : ${events.join(', ')}`);
  for (const { name, final } of states) if (final) lines.push(`  ${id(name)} --> [*]`);
  if (current !== null)
    lines.push('  classDef current fill:#ffd54f,stroke:#b26a00,stroke-width:3px', `  class ${id(current)} current`);
  return `${lines.join('\n')}\n`;
}

/** The same in Graphviz's language. */
export function dotText({ initial, states, edges }: MachineGraph, current: string | null): string {
  const node = ({ name, final }: GraphState) => {
    const look = name === current ? ', style="rounded,filled", fillcolor="#ffd54f", penwidth=2.5' : '';
    return `${quoted(name)} [label=${quoted(name)}${final ? ', peripheries=2' : ''}${look}];`;
  };
  const lines = [
    'digraph cutover {',
    '  rankdir=TB; fontname="sans-serif";',
    '  node [shape=box, style=rounded, fontname="sans-serif", fontsize=11];',
    '  edge [fontname="sans-serif", fontsize=9];',
    '  "(start)" [shape=point];',
    `  "(start)" -> ${quoted(initial)};`,
  ];
  for (const state of states) {
    if (state.children.length > 0) {
      const inside = states.filter(({ parent }) => parent === state.name).map(node);
      lines.push(
        `  subgraph ${quoted(`cluster_${state.name}`)} { label=${quoted(state.name)}; style=rounded; ${inside.join(' ')} }`,
      );
    } else if (state.parent === null) lines.push(`  ${node(state)}`);
  }
  const looks = { done: 'color="#2e7d32"', failed: 'color="#c62828", style=dashed', decided: 'color="#1565c0"' };
  for (const { from, to, events, kind } of edges) {
    lines.push(`  ${quoted(from)} -> ${quoted(to)} [label=${quoted(events.join('\\n'))}, ${looks[kind]}];`);
  }
  return `${[...lines, '}'].join('\n')}\n`;
}

/** Mermaid takes no dot in an id. */
function id(name: string): string {
  return name.replaceAll('.', '_');
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '\\"')}"`;
}
