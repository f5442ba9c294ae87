import type { GcReport } from '../../../../src/api/contract.ts'
import { number } from '../../format.ts'
import { Bytes } from '../../parts/small.tsx'
import { w } from '../../words/words.ts'

/** What goes, by reason, in the order in which it goes. */
export function Report({ report }: { report: GcReport }) {
  const words = w().cleanup.free
  return (
    <div class="table-frame">
      <table>
        <caption class="unseen">{words.preview}</caption>
        <thead>
          <tr>
            <th scope="col">{words.reason}</th>
            <th scope="col" class="end">
              {words.objects}
            </th>
            <th scope="col" class="end wide">
              {words.total}
            </th>
            <th scope="col" class="end">
              {words.frees}
            </th>
          </tr>
        </thead>
        <tbody>
          {report.rows.map(({ reason, text, objects, total, frees }) => (
            <tr key={text}>
              <td title={text}>
                {words.reasons[reason] ?? text}
                {reason === 'upstream' && <small class="quiet"> {text}</small>}
              </td>
              <td class="end">{number(objects)}</td>
              <td class="end wide">
                <Bytes n={total} />
              </td>
              <td class="end">
                <Bytes n={frees} />
              </td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{words.sum}</th>
            <td class="end">{number(report.objects)}</td>
            <td class="wide" />
            <td class="end">
              <strong>
                <Bytes n={report.frees} />
              </strong>
            </td>
          </tr>
        </tfoot>
      </table>
    </div>
  )
}
