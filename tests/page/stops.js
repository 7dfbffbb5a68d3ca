// Where the Tab key has to stop, in order, kept in the page; and what is said of where it stands.
() => {
  const WANTED = 'a[href],summary,button,input,select,textarea,[tabindex]';
  const isStop = (each) => {
    if (each.tabIndex < 0 || each.disabled || !each.checkVisibility({ contentVisibilityAuto: false, visibilityProperty: true })) return false;
    if (each.localName === 'summary') return each.parentElement.localName === 'details' && each === each.parentElement.querySelector(':scope > summary');
    if (each.type !== 'radio') return true;
    // One of a group of radio buttons is a stop: the one that is chosen.
    const group = [...document.querySelectorAll('input[type=radio]')].filter((other) => other.name === each.name);
    return each === (group.find((other) => other.checked) || group[0]);
  };
  const short = (each) => {
    const text = (each.getAttribute('aria-label') || each.textContent || '').trim().replace(/\s+/g, ' ').slice(0, 40);
    return `${each.localName}${each.id ? '#' + each.id : ''} "${text}"`;
  };
  const stops = [...document.querySelectorAll(WANTED)].filter(isStop);
  window.standing = () => {
    const now = document.activeElement;
    if (!now || now === document.body || now === document.documentElement) return null;
    const style = getComputedStyle(now), box = now.getBoundingClientRect();
    const isRinged = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
    const [left, top] = [Math.max(box.left, 0), Math.max(box.top, 0)];
    const [right, bottom] = [Math.min(box.right, innerWidth), Math.min(box.bottom, innerHeight)];
    const isInView = right > left && bottom > top;
    const points = [[0.5, 0.5], [0.05, 0.2], [0.95, 0.2], [0.05, 0.8], [0.95, 0.8]]
      .map(([x, y]) => document.elementFromPoint(left + x * (right - left), top + y * (bottom - top)));
    const isCovered = isInView && points.every((each) => each && !now.contains(each) && !each.contains(now));
    const overflows = now.scrollWidth > now.clientWidth || now.scrollHeight > now.clientHeight;
    return { place: stops.indexOf(now), what: short(now), isRinged: isRinged || style.boxShadow !== 'none', isInView, isCovered, overflows };
  };
  return stops.map(short);
}
