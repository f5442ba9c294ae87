import type { UserRow } from '../../../../src/api/contract-session.ts'
import { w } from '../../words/words.ts'

export type Role = UserRow['role']

const ROLES: readonly Role[] = ['user', 'operator', 'admin']

interface RoleSelectProps {
  /** Where nothing else names it. */
  readonly label?: string
  readonly value: Role
  readonly onChange: (role: Role) => void
}

export function RoleSelect({ label, value, onChange }: RoleSelectProps) {
  const { roles } = w().settings.users
  return (
    <select
      {...(label === undefined ? {} : { 'aria-label': label })}
      value={value}
      onChange={(event) => {
        const { value: chosen } = event.currentTarget
        const role = ROLES.find((one) => one === chosen)
        if (role !== undefined) onChange(role)
      }}
    >
      {ROLES.map((role) => (
        <option key={role} value={role}>
          {roles[role]}
        </option>
      ))}
    </select>
  )
}
