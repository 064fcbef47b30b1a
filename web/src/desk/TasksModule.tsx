import { format } from "../text/current";
import { DeskFailedTasksDocument, DeskOverdueTasksDocument, type DeskTaskFragment } from "./generated/graphql";
import { Id, ListModule, RowHead } from "./ListModule";
import { desk } from "./texts";
import { usePaged } from "./usePaged";
import { UserLink } from "./UserLink";

/** The background tasks whose last attempt failed. */
export function FailedTasksModule() {
  const paged = usePaged(DeskFailedTasksDocument, { userId: null }, ({ failedTasks }) => failedTasks);
  const { failed, failedLead, failedList } = desk.tasks;
  return <ListModule title={failed} lead={failedLead} list={failedList} paged={paged} row={row} />;
}

/** The background tasks about one customer whose last attempt failed. Without any, the module is not there. */
export function AttentionModule({ id }: { id: string }) {
  const paged = usePaged(DeskFailedTasksDocument, { userId: id }, ({ failedTasks }) => failedTasks);
  const { attention, failedLead, failedList } = desk.tasks;
  if (paged.failure === null && !paged.nodes?.length && paged.back === null) return null;
  return <ListModule title={attention} lead={failedLead} list={failedList} paged={paged} row={row} />;
}

/** The background tasks that wait for a worker. */
export function OverdueTasksModule() {
  const paged = usePaged(DeskOverdueTasksDocument, {}, ({ overdueTasks }) => overdueTasks);
  const { overdue, overdueLead, overdueList } = desk.tasks;
  return <ListModule title={overdue} lead={overdueLead} list={overdueList} paged={paged} row={row} />;
}

function row({ kind, subject, createdAt, dueAt, attempts, error, user }: DeskTaskFragment) {
  const { kinds, since, due } = desk.tasks;
  return (
    <>
      <RowHead label={kinds[kind]} side={user === null ? undefined : <UserLink user={user} />} />
      {error !== null && <p>{error}</p>}
      <p className="quiet small">
        {since} {format.minute(createdAt)} · {due} {format.minute(dueAt)}{" "}
        {attempts > 0 && `· ${desk.events.attempts(attempts)} `}
        <Id>{subject === "" ? null : subject}</Id>
      </p>
    </>
  );
}
