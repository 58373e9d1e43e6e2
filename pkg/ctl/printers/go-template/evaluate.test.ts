import { describe, expect, test } from 'vitest';
import type { Json } from '../../../api/schema/json.ts';
import { executeTemplate } from './evaluate.ts';
import { FUNCTIONS } from './functions.ts';
import { parseTemplate } from './parse.ts';

const object: Json = {
  kind: 'Pod',
  count: 2,
  labels: { b: '2', a: '1' },
  items: [{ name: 'x' }, { name: 'y' }],
  nothing: null,
};

function render(source: string, allowMissing = true): string {
  let printed = '';
  const write = (text: string) => {
    printed += text;
  };
  executeTemplate(parseTemplate(source, new Set(Object.keys(FUNCTIONS))), object, { allowMissing, write });
  return printed;
}

describe('a go-template', () => {
  test.each([
    { source: '{{.kind}}/{{.count}}', want: 'Pod/2' },
    { source: '{{.nope}} {{.nope.more}} {{.nothing}}', want: '<no value> <no value> <no value>' },
    { source: '{{range .items}}{{.name}}{{end}}', want: 'xy' },
    { source: '{{range $i, $x := .items}}{{$i}}{{$x.name}}{{end}}', want: '0x1y' },
    { source: '{{range $k, $v := .labels}}{{$k}}={{$v}};{{end}}', want: 'a=1;b=2;' },
    { source: '{{range .nope}}a{{else}}b{{end}}', want: 'b' },
    { source: '{{range .items}}{{if eq .name "y"}}{{continue}}{{end}}{{.name}}{{end}}', want: 'x' },
    { source: '{{if and .kind (eq .count 2)}}a{{else if .nope}}b{{else}}c{{end}}', want: 'a' },
    { source: '{{with .labels}}{{.a}}{{$.kind}}{{end}}', want: '1Pod' },
    { source: '{{$x := 1}}{{range 3}}{{$x = .}}{{end}}{{$x}}', want: '2' },
    { source: 'a {{- /* note */ -}} b{{- " c" -}}  d', want: 'ab cd' },
    { source: '{{define "t"}}<{{.}}>{{end}}{{template "t" .kind}}', want: '<Pod>' },
    { source: '{{.labels}} {{.items}}', want: 'map[a:1 b:2] [map[name:x] map[name:y]]' },
    { source: '{{printf "%-4s|%03d|%q|%v" .kind .count "a\\"" .nothing}}', want: 'Pod |002|"a\\""|<nil>' },
    { source: '{{1e6}} {{1000000}} {{2.50}}', want: '1e+06 1000000 2.5' },
    { source: '{{index .items 1 "name" | printf "%s!"}}', want: 'y!' },
  ])('gives for $source: $want', ({ source, want }) => {
    expect(render(source)).toBe(want);
  });

  test.each([
    { source: '{{foo}}', want: 'template: output:1: function "foo" not defined' },
    { source: '{{.a', want: 'template: output:1: unclosed action' },
    { source: 'a\n{{if}}', want: 'template: output:2: missing value for if' },
    { source: '{{range .x}}', want: 'template: output:1: unexpected EOF' },
    { source: '{{$x}}', want: 'template: output:1: undefined variable "$x"' },
    { source: '{{end}}', want: 'template: output:1: unexpected {{end}}' },
    { source: '{{1 | 2}}', want: 'template: output:1: non executable command in pipeline stage 2' },
    {
      source: '{{len 1 2}}',
      want: 'template: output:1:2: executing "output" at <len>: wrong number of args for len: want 1 got 2',
    },
    {
      source: '{{range .kind}}{{end}}',
      want: 'template: output:1:8: executing "output" at <.kind>: range can\'t iterate over Pod',
    },
    {
      source: 'é{{.kind.name.first}}',
      want: 'template: output:1:9: executing "output" at <.kind.name.first>: can\'t evaluate field name in type interface {}',
    },
    {
      source: '{{.nothing.x}}',
      want: 'template: output:1:10: executing "output" at <.nothing.x>: nil pointer evaluating interface {}.x',
    },
    {
      source: '{{eq .count "2"}}',
      want: 'template: output:1:2: executing "output" at <eq .count "2">: error calling eq: incompatible types for comparison: int64 and string',
    },
  ])('refuses $source', ({ source, want }) => {
    expect(() => render(source)).toThrow(want);
  });

  test('refuses what is missing when that is asked for', () => {
    expect(() => render('{{.nope}}', false)).toThrow('map has no entry for key "nope"');
  });

  test('ends templates that call themselves', () => {
    expect(() => render('{{define "t"}}{{template "t"}}{{end}}{{template "t"}}')).toThrow(
      'exceeded maximum template depth',
    );
  });
});
