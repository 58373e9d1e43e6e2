// `-o go-template`: the language of Go's text/template as kubectl gives it, and where its faults lie.
import type { Row } from './row.ts';

const TICK = '`';
const GIVEN = [
  'create -f FILES/pod.yaml',
  'create -f FILES/web.yaml',
  String.raw`create configmap tt --from-literal=a='x<y>"q' --from-literal=b64=aGVsbG8= --from-literal=num=7`,
];

export const templateRows: readonly Row[] = [
  {
    given: GIVEN,
    run: [
      'get deploy web -o go-template={{.spec.replicas}}',
      'get deploy web -o template --template={{.metadata.name}}',
      'get deploy web --template={{.metadata.name}}',
      'get deploy web -o go-template',
      'get deploy web -o go-template=',
      'get deploy web -o go-template-file=FILES/nope',
      'get deploy web -o template={{.kind}}',
      String.raw`get cm tt -o go-template='{{.nope.x}} {{.data.b64 | base64decode}} {{index .data "a" | html}} {{js .data.a}}{{urlquery .data.a}}'`,
      String.raw`get deploy web -o go-template='{{printf "%s %q %v %5d|%-8s|%05.1f %x %t %%" .kind .kind .spec.template.metadata.labels .spec.replicas "ab" 2.25 255 true}}'`,
      String.raw`get deploy web -o go-template='{{printf "%d %s %z" "x" 3}} {{print 1 2 "a" "b" 3}}{{println "x" 1}}'`,
      String.raw`get deploy web -o go-template='{{- /* note */ -}} a {{- " b" }} {{ true }} {{ nil | print }}'`,
      "get deploy web -o go-template='{{(index .spec.template.spec.containers 0).image}} {{len .spec.template.spec.containers}} {{slice .kind 1 3}}'",
      String.raw`get deploy web -o go-template='{{and .kind .nope}} {{or .nope "x"}} {{not .kind}} {{lt 1 2 }} {{ge .spec.replicas 2}} {{ne .kind "a"}}'`,
      "get deploy web -o go-template='{{.metadata}}' --allow-missing-template-keys=false",
      "get cm tt -o go-template='a{{.nope}}b' --allow-missing-template-keys=false",
      "get cm tt -o go-template='{{.metadata.name.x}}'",
      "get cm tt -o go-template='{{foo}}'",
    ],
  },
  {
    given: GIVEN,
    run: [
      "get cm tt -o go-template='{{.a'",
      "get cm tt -o go-template='{{index .data 1}}'",
      String.raw`get cm tt -o go-template='{{template "x"}}'`,
      "get cm tt -o go-template='{{len .spec}}'",
      String.raw`get cm tt -o go-template='{{index .data "a" "b"}}'`,
      String.raw`get cm tt -o go-template='{{(.data).a}} {{.metadata.name | len}} {{.nope | print}} {{exists . "data" "a"}}{{exists . "q"}}'`,
      String.raw`get cm tt -o go-template='{{"%%" | base64decode}}'`,
      String.raw`get cm tt -o go-template='{{ .data | printf "%v %d"}}'`,
      "get cm tt -o go-template='{{ .data.a .kind }}'",
      String.raw`get cm tt -o go-template='{{1.0}} {{1e6}} {{1000000}} {{0x1F}} {{"\u00e9\t"}} {{${TICK}raw${TICK}}} {{-3}} {{1234567.5}} {{0.00001}}'`,
    ],
  },
  {
    given: GIVEN,
    run: [
      'create cm q --from-literal=a=b -o go-template={{.metadata.name}}',
      "create cm q2 --from-literal=a=b --dry-run=client -o go-template='{{.metadata.name}} {{.data}}'",
      'label cm tt x=y -o go-template={{.metadata.labels.x}}',
      String.raw`apply -f FILES/cm.yaml -o go-template='{{.kind}}{{"\n"}}'`,
    ],
  },
];
