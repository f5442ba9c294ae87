import { basic, bcryptLine } from '../auth/support.ts'

const USER = 'alice'
const PASSWORD = 'wonderland'

/** A user, as the file of users has it, and as a client says it with the right and with wrong passwords. */
export const login = {
  line: bcryptLine(USER, PASSWORD, 10),
  authorization: basic(USER, PASSWORD),
  wrong: (guess: number): string => basic(USER, `guess ${guess}`),
}
