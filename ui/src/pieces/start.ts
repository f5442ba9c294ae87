/** The pages for those who come to use the cache: one piece, as they are one visit. */
export { default as Home } from '../pages/home/home.tsx'
export { default as Setup } from '../pages/setup/setup.tsx'
