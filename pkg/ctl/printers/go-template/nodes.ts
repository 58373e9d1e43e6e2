// What a parsed template consists of. Each node knows where it stands and what it looks like, for error messages.
import type { Value } from './values.ts';

interface Placed {
  readonly at: number;
  /** As Go writes the node. */
  readonly text: string;
}

export interface FieldNode extends Placed {
  readonly kind: 'field';
  readonly path: readonly string[];
}

export interface VariableNode extends Placed {
  readonly kind: 'variable';
  readonly name: string;
  readonly path: readonly string[];
}

export interface ChainNode extends Placed {
  readonly kind: 'chain';
  readonly operand: Operand;
  readonly path: readonly string[];
}

export interface FunctionNode extends Placed {
  readonly kind: 'function';
  readonly name: string;
}

export interface ConstantNode extends Placed {
  readonly kind: 'constant';
  readonly value: Value;
}

export interface DotNode extends Placed {
  readonly kind: 'dot';
}

export interface NilNode extends Placed {
  readonly kind: 'nil';
}

export interface PipeNode extends Placed {
  readonly kind: 'pipe';
  /** Variables that take the value, or in a range key and value. */
  readonly variables: readonly string[];
  /** `=` instead of `:=`. */
  readonly assigns: boolean;
  readonly commands: readonly CommandNode[];
}

export interface CommandNode extends Placed {
  readonly kind: 'command';
  readonly operands: readonly Operand[];
}

export type Operand = FieldNode | VariableNode | ChainNode | FunctionNode | ConstantNode | DotNode | NilNode | PipeNode;

export interface TextNode extends Placed {
  readonly kind: 'text';
}

export interface ActionNode extends Placed {
  readonly kind: 'action';
  readonly pipe: PipeNode;
}

export interface BranchNode extends Placed {
  readonly kind: 'if' | 'with' | 'range';
  readonly pipe: PipeNode;
  readonly body: readonly TemplateNode[];
  readonly otherwise: readonly TemplateNode[] | undefined;
}

export interface CallNode extends Placed {
  readonly kind: 'template';
  readonly name: string;
  readonly pipe: PipeNode | undefined;
}

export interface JumpNode extends Placed {
  readonly kind: 'break' | 'continue';
}

export type TemplateNode = TextNode | ActionNode | BranchNode | CallNode | JumpNode;

/** A template and those it defines. */
export interface Template {
  readonly source: string;
  readonly body: readonly TemplateNode[];
  readonly defined: ReadonlyMap<string, readonly TemplateNode[]>;
}
