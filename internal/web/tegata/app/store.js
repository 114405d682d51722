// @ts-check
// What stays on the device. Three shelves: keys, which cannot be read out; boxes, which
// are sealed; and what may be read by anybody who has the device, such as the language.

/** @typedef {"keys" | "boxes" | "plain"} Shelf */

/** @type {Promise<IDBDatabase> | undefined} */
let opened;

function database() {
  return opened ??= new Promise((resolve, reject) => {
    const ask = indexedDB.open("tegata", 1);
    ask.onupgradeneeded = () => { for (const shelf of ["keys", "boxes", "plain"]) ask.result.createObjectStore(shelf); };
    ask.onsuccess = () => resolve(ask.result);
    ask.onerror = () => reject(ask.error);
  });
}

/**
 * One act on the shelves: all of it is kept, or nothing.
 * @template T
 * @param {(at: (shelf: Shelf) => IDBObjectStore) => IDBRequest<T> | void} act
 * @param {IDBTransactionMode} [mode]
 * @returns {Promise<T>}
 */
export async function act(act, mode = "readwrite") {
  const db = await database();
  return new Promise((resolve, reject) => {
    const tx = db.transaction(["keys", "boxes", "plain"], mode, { durability: "strict" });
    const asked = act((shelf) => tx.objectStore(shelf));
    tx.oncomplete = () => resolve(/** @type {T} */ (asked ? asked.result : undefined));
    tx.onabort = () => reject(tx.error);
  });
}

/** @param {Shelf} shelf @param {string} key @returns {Promise<any>} */
export const take = (shelf, key) => act((at) => at(shelf).get(key), "readonly");

/** @param {Shelf} shelf @param {string} key @param {any} value */
export const put = (shelf, key, value) => act((at) => { at(shelf).put(value, key); });

/** @param {Shelf} shelf @param {string} key */
export const drop = (shelf, key) => act((at) => { at(shelf).delete(key); });

/** @param {Shelf} shelf @returns {Promise<[string, any][]>} */
export async function all(shelf) {
  /** @type {[string, any][]} */
  const out = [];
  const db = await database();
  await new Promise((resolve, reject) => {
    const ask = db.transaction(shelf, "readonly").objectStore(shelf).openCursor();
    ask.onsuccess = () => {
      const c = ask.result;
      if (!c) return resolve(undefined);
      out.push([String(c.key), c.value]);
      c.continue();
    };
    ask.onerror = () => reject(ask.error);
  });
  return out;
}

/**
 * Does one thing after another, over all tabs of the app.
 * @template T @param {() => Promise<T>} act @returns {Promise<T>}
 */
export const alone = (act) => navigator.locks ? /** @type {Promise<any>} */ (navigator.locks.request("tegata", act)) : act();
