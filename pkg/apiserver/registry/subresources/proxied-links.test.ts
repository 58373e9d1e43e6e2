import { expect, test } from 'vitest';
import { proxiedHtml, proxiedUrl } from './proxied-links.ts';

const FROM = { prefix: '/api/v1/namespaces/n/pods/p/proxy', target: '10.0.0.1:80', host: 'cluster:6443' };
const P = FROM.prefix;

test.each([
  { url: '/x', want: `${P}/x` },
  { url: '/x/?a=/b#c', want: `${P}/x/?a=/b#c` },
  { url: '/', want: `${P}/` },
  { url: 'x/y', want: 'x/y' },
  { url: '', want: '' },
  { url: '#top', want: '#top' },
  { url: 'mailto:a@b', want: 'mailto:a@b' },
  { url: `${P}/x`, want: `${P}/x` },
  { url: 'http://10.0.0.1:80/x', want: `${P}/x` },
  { url: 'https://cluster:6443/x', want: `${P}/x` },
  { url: 'http://elsewhere/x', want: 'http://elsewhere/x' },
  { url: '//elsewhere/x', want: '//elsewhere/x' },
])('$url becomes $want', ({ url, want }) => {
  expect(proxiedUrl(url, FROM)).toBe(want);
});

test.each([
  { page: '<a href="/x">/x</a>', want: `<a href="${P}/x">/x</a>` },
  { page: "<IMG alt='/a' SRC='/b'/>", want: `<IMG alt='/a' SRC='${P}/b'/>` },
  { page: '<form action=/go method=post>', want: `<form action=${P}/go method=post>` },
  {
    page: '<script src="/s.js">var a = "<a href=\'/no\'>";</script>',
    want: `<script src="${P}/s.js">var a = "<a href='/no'>";</script>`,
  },
  {
    page: '<!-- <a href="/no"> --><a title="a > b" href="/x">',
    want: `<!-- <a href="/no"> --><a title="a > b" href="${P}/x">`,
  },
  { page: '<p href="/x">a < b', want: '<p href="/x">a < b' },
])('the links of $page', ({ page, want }) => {
  expect(proxiedHtml(page, FROM)).toBe(want);
});
