import { Link } from "react-router";

/** Leads to the page of a customer. */
export function UserLink({ user }: { user: { id: string; username: string } }) {
  return <Link to={`/admin?user=${encodeURIComponent(user.id)}`}>{user.username}</Link>;
}
