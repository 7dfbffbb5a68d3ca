// What is asked of a page from within; `words`: texts that have to stand on it. Returns plain data.
(words) => {
  const all = [...document.querySelectorAll('*')];
  const short = (element) => {
    const id = element.id ? `#${element.id}` : '';
    const text = (element.textContent || '').trim().replace(/\s+/g, ' ').slice(0, 40);
    const names = typeof element.className === 'string' ? element.className.trim() : '';
    return `${element.localName}${id}${names && '.' + names.replace(/\s+/g, '.')} "${text}"`;
  };
  const isShown = (element) => element.checkVisibility({ contentVisibilityAuto: false, visibilityProperty: true });
  const collapsed = (text) => text.replace(/\s+/g, ' ').trim();

  const ACTS = 'script,iframe,frame,object,embed,applet,base,form,portal,meta[http-equiv="refresh" i],x-hostile';
  const LEADS = ['href', 'xlink:href', 'src', 'srcset', 'data', 'action', 'formaction', 'poster', 'ping', 'background', 'cite'];
  const isOwn = (value) => value.startsWith('#') || value.startsWith('data:') || value === '';
  // A link, and nothing else, may lead to another page of the same run: relative, and without a scheme.
  const isBeside = (each, name, value) => each.localName === 'a' && name === 'href'
    && /^(\.\.\/)?((?!\.\.\/)[\w.%-]+\/)*[\w.%-]+\.html(#[\w.-]*)?$/.test(value);
  const acts = all.filter((each) => each.matches(ACTS)).map(short);
  const leads = [];
  for (const each of all) {
    for (const { name, value } of each.attributes) {
      if (/^on/i.test(name)) acts.push(`${short(each)} has ${name}`);
      if (LEADS.includes(name.toLowerCase()) && !isOwn(value.trim()) && !isBeside(each, name, value)) leads.push(`${short(each)} ${name}=${value.slice(0, 80)}`);
      const drawn = name === 'style' || each.localName === 'style' ? value : '';
      if (/url\(\s*['"]?(?!['"]?(#|data:))/i.test(drawn)) leads.push(`${short(each)} has url() in ${name}`);
    }
    if (each.localName === 'style' && /@import|url\(\s*['"]?(?!['"]?(#|data:))/i.test(each.textContent)) leads.push(`${short(each)} loads`);
  }

  // What the body says, in its elements' names as well, without style sheets.
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const said = [];
  while (walker.nextNode()) {
    if (walker.currentNode.parentElement.localName !== 'style') said.push(walker.currentNode.data);
  }
  const text = collapsed(said.join(''));
  const missing = words.filter((each) => !text.includes(collapsed(each)));

  const root = document.scrollingElement;
  const isHeld = (element) => {
    for (let up = element.parentElement; up && up !== document.body; up = up.parentElement) {
      if (getComputedStyle(up).overflowX !== 'visible') return true;
    }
    return false;
  };
  const tooWide = root.scrollWidth > root.clientWidth;
  const sticksOut = !tooWide ? [] : all.filter((each) => {
    const box = each.getBoundingClientRect();
    return document.body.contains(each) && each !== document.body && box.width > 0
      && box.right > root.clientWidth + 1 && !isHeld(each);
  }).slice(0, 8).map((each) => `${short(each)} to ${Math.round(each.getBoundingClientRect().right)}`);

  const headings = [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].filter(isShown)
    .map((each) => [Number(each.localName[1]), collapsed(each.textContent).slice(0, 40)]);

  const tables = [];
  for (const table of document.querySelectorAll('table')) {
    const heads = [...table.querySelectorAll('th')];
    if (!heads.some((each) => each.scope === 'col')) tables.push(`${short(table)} has no column header`);
    if (heads.some((each) => !each.scope)) tables.push(`${short(table)} has a header without scope`);
    if (!table.caption && !table.getAttribute('aria-labelledby') && !table.getAttribute('aria-label')) {
      tables.push(`${short(table)} has no caption`);
    }
  }

  const named = (element) => {
    const by = (element.getAttribute('aria-labelledby') || '').split(/\s+/).filter(Boolean)
      .map((id) => (document.getElementById(id) || {}).textContent || '').join(' ');
    const title = [...element.children].find((each) => each.localName === 'title');
    return collapsed(by || element.getAttribute('aria-label') || (title ? title.textContent : '') || element.getAttribute('alt') || '');
  };
  const isHidden = (element) => element.closest('[aria-hidden="true"]') !== null;
  // An <svg> inside another is a part of it.
  const drawings = [...document.querySelectorAll('svg')].filter((each) => !each.parentElement.closest('svg'));
  const pictures = [...drawings, ...document.querySelectorAll('img')]
    .filter((each) => !isHidden(each) && !(each.localName === 'img' ? each.hasAttribute('alt') : each.getAttribute('role') === 'img' && named(each)))
    .map((each) => `${short(each)} has ${each.getAttribute('role') === 'img' ? 'no name' : 'no role=img, nor aria-hidden'}`);

  const folded = [];
  const folds = [];
  for (const each of document.querySelectorAll('details')) {
    // On paper a picture and its words stand without the table of its points, which would take most of the pages.
    if (each.matches('details.numbers')) continue;
    const inside = [...each.children].filter((child) => child.localName !== 'summary');
    const isOpen = inside.length > 0 && inside.every((child) => isShown(child) && child.getBoundingClientRect().height > 0);
    if (!isOpen) folded.push(short(each));
    const found = collapsed(inside.map((child) => child.textContent).join(' ')).match(/[A-Za-z]{5,}/);
    if (found) folds.push(found[0]);
  }

  return {
    acts, leads, missing, headings, tables, pictures, folded, folds,
    width: [root.scrollWidth, root.clientWidth], sticksOut,
    title: document.title, elements: all.length, words: text.length,
  };
}
