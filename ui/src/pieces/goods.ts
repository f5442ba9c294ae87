/** The list of files, and the page of one. */
export { default as File } from '../pages/files/file.tsx'
export { default as Files } from '../pages/files/files.tsx'
