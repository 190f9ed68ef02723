// What is being sent when somebody leaves the page: the browser asks them first.

let count = 0;
const ask = (event) => { event.preventDefault(); event.returnValue = true; };

/** Does something, and meanwhile has the browser ask whoever leaves the page; returns what it returns. */
export const beforeLeaving = async (work) => {
  count += 1;
  addEventListener('beforeunload', ask);
  try { return await work(); } finally {
    count -= 1;
    if (count === 0) removeEventListener('beforeunload', ask);
  }
};
