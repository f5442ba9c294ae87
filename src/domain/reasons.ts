import { type Filling, fill, type Params, type Saying } from './saying.ts'

/**
 * Sentences that say more than the code of an error does, where people meet them in the console. It says them in the
 * language of its reader, by these names; a test keeps its translations complete.
 */
export const REASONS = {
  takes_operator: 'this takes the role of an operator',
  takes_admin: 'this takes the role of an admin',
  foreign_site: 'the request comes from another site',
  wrong_login: 'wrong user name or password',
  failed_logins: 'too many failed logins',
  many_logins: 'too many logins at once',
  many_requests: 'too many requests from your address',

  not_cached: '{name} is not cached',
  no_upstream: 'this cache has no upstream {upstream}',
  which_upstream: 'the name does not say which upstream',
  no_repository: '{name} is one image, not a repository',
  no_platform: 'no such platform; there are {platforms}',
  not_to_keep: 'a rule forbids to keep {name}',
  not_kept: '{name} was fetched, but there was no room to keep it',
  missing_upstream: 'the upstream does not have {name}',
  hidden_upstream: 'the upstream does not have {name}, or shows it to nobody without a login',
  no_mirror: 'no mirror of {name} could be made; the log says why',
  which_file: '{name} is a repository: name a file of it, or "{history}" for its history',
  no_file_name: '{name} is no name of a file: write it like "{example}"',
  file_address: 'this address leads to no file that can be kept here',
  files_unchecked: '{name} is asked about when somebody pulls it; only images are compared here',
  running: '{job} is running already',

  prefetch_pulls:
    '{upstream} has {remaining} pulls left, this takes {pulls}, and {keep} are kept for clients',
  prefetch_never:
    'this takes {pulls} pulls: more than {upstream} allows at once beside the {keep} kept for clients',
  prefetch_room: 'this takes {bytes}, and of the {most} that lists may hold {room} are left',
  prefetch_stopped: 'the run was stopped before',
  prefetch_long: 'a run looks at {most} names at most: this one and {more} more wait',
  prefetch_file: '{file} {trouble}',
  prefetch_no_tag: 'no tag of {name} matches',
  no_prefetch: 'there is no list "{name}" in config.toml ([[prefetch]])',

  filter_long: 'the filter is longer than {most} characters',
  filter_alone: '"{word}" turns nothing around: write it in front of a word',
  filter_upstream: '"{word}" names no upstream: write it like "{example}"',
  filter_platform: '"{word}" names no platform: write it like "{example}"',
  filter_size: '"{word}" needs a size: write it like "{example}"',
  filter_time: '"{word}" needs a time: write it like "{example}"',
  filter_word: 'unknown word "{word}"; did you mean "{near}"? A name is written "*{word}*"',
  filter_images_only: '"{word}" is about images; files have none of that',

  no_selection: 'say which images or files: names, or a filter',
  many_files: '{files} files match, at most {most} go at once',
  many_images: '{images} images match, at most {most} go at once',
  preview_over: 'this was shown too long ago, or is done already: look again',
  no_undo: 'there is no eviction {id} that can still be undone',
  no_eviction: 'there is no eviction {id}',
  pin_over: 'the pin would have ended already',
  pin_empty: '{match} can match nothing here: a name looks like "{example}"',
  pin_fixed: '{match} is pinned by config.toml: change it there',
  no_pin: '{match} is not pinned',

  user_unknown: 'there is no user "{name}"',
  user_nameless: 'the user name is empty',
  user_long: 'the user name is longer than {most} characters',
  user_character: 'the user name holds a character that no name may have',
  user_ends: 'the user name begins or ends as no name may',
  user_reserved: 'no user may be called "{name}"',
  role_fixed: 'the role of "{name}" comes from config.toml (auth.{role}s) and is changed there',
  no_password: '"{name}" has no password that can be checked: set one',
  password_length: 'the password has at least {least} characters and at most {most} bytes',
  password_control: 'the password holds a control character',
  password_old: 'the old password is wrong',
  password_user: 'only users have a password: log in as one',
  last_admin: 'there would be no admin left',
  users_kept: 'the file of users cannot be changed: the server may not change it',
  users_read_only: 'the file of users cannot be changed: it lies on a read-only file system',
  users_mounted: 'the file of users cannot be changed: it is mounted by itself: mount the folder it lies in',
  link_over: 'this link is no longer good: there is a user, or a newer one',
  first_user: 'there is a user already',

  key_over: 'the key would have expired already',
  key_taken: 'there is a pull key "{name}" already',
  key_unknown: 'there is no pull key "{name}"',
  key_name: 'the name of a key is up to 64 letters, digits, dots, dashes and underscores',
  token_over: 'the token would have expired already',
  token_taken: 'there is a token "{name}" of {user} already',
  token_unknown: '{user} has no token "{name}"',
  token_name: 'the name of a token is up to 64 letters, digits, dots, dashes and underscores',
  token_most: 'nobody may have more than {most} tokens',
  token_foreign: 'the tokens of others are none of yours',
  token_user: 'only users have tokens: log in as one',
  token_makes: 'an API token makes no tokens, keys or users and sets no password: log in for that',

  no_image: 'no image: there is no name of an image in it',
  no_image_address: 'no image: this is no address',
  no_image_files: 'no image: this address leads to files, not to an image',
  no_image_page: 'no image: this page is about no image',
  no_image_registry: 'no image: the address names a registry alone',
  no_image_malformed: 'no image: its address is not well formed',
  hub_off: 'searching Docker Hub is switched off (hub.enabled)',
  hub_mirror: 'docker.io is a mirror here; hub.url says where Docker Hub is searched',
  hub_limited: 'Docker Hub wants no questions for another {seconds} s',
  hub_busy: 'too many questions to Docker Hub at once',
  hub_unreachable: 'Docker Hub cannot be reached',
  hub_slow: 'Docker Hub did not answer in time',
  hub_failed: 'Docker Hub answered with status {status}',
  hub_invalid: 'Docker Hub sent an answer that cannot be used',
  hub_absent: 'Docker Hub does not have {name}, or shows it to nobody without a login',
  hub_short: 'write at least {least} characters to search for',
  hub_long: 'write at most {most} characters to search for',
  hub_name: '"{name}" is no repository of Docker Hub: write it like "{example}"',
  setup_base: 'the address of the cache must be like "https://cache.example.com" or "http://10.0.0.5:5000"',
  setup_key: 'key: this is no pull key',
  setup_ca: 'ca: an absolute path of letters, digits and . _ - + @ / without ".."',
  setup_registry: 'registries: a name like "ghcr.io"',
  setup_registries: 'registries: name at least one',
  setup_unknown: 'registries: this cache has no such upstream',
} as const

export type Reason = keyof typeof REASONS

/** A message of an error, and which sentence it is. */
export interface Because {
  readonly message: string
  readonly why: Saying
}

/** The options of an AppError that say why. */
export function because<R extends Reason>(reason: R, ...[params]: Filling<(typeof REASONS)[R]>): Because {
  const given: Params = params ?? {}
  return { message: fill(REASONS[reason], given), why: { id: reason, params: given } }
}
