/** Ways in, each of which is seen once. */
export { default as FirstAdmin } from '../pages/login/first-admin.tsx'
export { default as Login } from '../pages/login/login.tsx'
