import { Tabs } from '../../parts/tabs.tsx'
import { w } from '../../words/words.ts'
import { AuditTab } from './audit.tsx'
import { ClientsTab } from './clients.tsx'
import { LiveTab } from './live-tab.tsx'
import RequestsTab from './requests.tsx'
import './activity.css'

/** What happens now, what happened lately, and who did it. */
export default function ActivityPage() {
  const { title, tabs } = w().activity
  return (
    <>
      <h1 tabIndex={-1}>{title}</h1>
      <Tabs
        label={tabs.label}
        tabs={[
          { id: 'live', title: tabs.live, content: () => <LiveTab /> },
          { id: 'requests', title: tabs.requests, content: () => <RequestsTab /> },
          { id: 'clients', title: tabs.clients, role: 'operator', content: () => <ClientsTab /> },
          { id: 'audit', title: tabs.audit, role: 'admin', content: () => <AuditTab /> },
        ]}
      />
    </>
  )
}
