import ts from 'typescript';
import type { SourceFile } from './tidiness';

/** Three is the habit; a fourth is at home where two points are four numbers. */
const MAX_PARAMETERS = 4;
/** What a framework injects: dependencies of a constructor, parts of a request. */
const MAX_INJECTED = 6;

/** Functions that take more than a reader can keep apart at the call; beyond the bound, one options object is due. */
export function findLongParameterLists({ path, text }: SourceFile): readonly string[] {
  const found: string[] = [];
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) {
      // `this` is a declaration for the compiler, no parameter.
      const parameters = node.parameters.filter(({ name }) => name.getText(source) !== 'this');
      const injected = isInjected(node, parameters);
      if (parameters.length > (injected ? MAX_INJECTED : MAX_PARAMETERS)) {
        const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
        found.push(`${path}:${line + 1}: ${parameters.length} parameters`);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Does a framework call it: a constructor, a handler with decorated parameters, a factory of a provider? */
function isInjected(node: ts.SignatureDeclaration, parameters: readonly ts.ParameterDeclaration[]): boolean {
  if (ts.isConstructorDeclaration(node)) return true;
  if (parameters.some((one) => (ts.getDecorators(one)?.length ?? 0) > 0)) return true;
  return ts.isPropertyAssignment(node.parent) && node.parent.name.getText() === 'useFactory';
}
