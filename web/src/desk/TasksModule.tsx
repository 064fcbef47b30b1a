import { format } from "../text/current";
import { DeskFailedTasksDocument, DeskOverdueTasksDocument, type DeskTaskFragment } from "./generated/graphql";
import { Id, ListModule, RowHead } from "./ListModule";
import { desk } from "./texts";
import { usePaged } from "./usePaged";

/** The background tasks whose last attempt failed. */
export function FailedTasksModule() {
  const paged = usePaged(DeskFailedTasksDocument, {}, ({ failedTasks }) => failedTasks);
  const { failed, failedLead, failedList } = desk.tasks;
  return <ListModule title={failed} lead={failedLead} list={failedList} paged={paged} row={row} />;
}

/** The background tasks that wait for a worker. */
export function OverdueTasksModule() {
  const paged = usePaged(DeskOverdueTasksDocument, {}, ({ overdueTasks }) => overdueTasks);
  const { overdue, overdueLead, overdueList } = desk.tasks;
  return <ListModule title={overdue} lead={overdueLead} list={overdueList} paged={paged} row={row} />;
}

function row({ kind, subject, createdAt, dueAt, attempts, error }: DeskTaskFragment) {
  const { kinds, since, due } = desk.tasks;
  return (
    <>
      <RowHead label={kinds[kind]} side={attempts === 0 ? undefined : desk.events.attempts(attempts)} />
      {error !== null && <p>{error}</p>}
      <p className="quiet small">
        {since} {format.minute(createdAt)} · {due} {format.minute(dueAt)} <Id>{subject === "" ? null : subject}</Id>
      </p>
    </>
  );
}
