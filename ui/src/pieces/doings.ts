/** What happens: all of it, or in one repository. */
export { default as Activity } from '../pages/activity/activity.tsx'
export { default as Requests } from '../pages/activity/requests.tsx'
