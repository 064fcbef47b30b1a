import { lazy, Suspense } from "react";
import { Navigate, useLocation } from "react-router";

import { loginPath } from "../session/afterLogin";
import { useSession } from "../session/current";
import { Skeleton } from "../style/Skeleton";

/** Loaded on its own, so that customers do not load it. */
const DeskPage = lazy(async () => ({ default: (await import("./DeskPage")).DeskPage }));

/** The desk for support, for a person who is logged in. */
export function Desk() {
  const session = useSession();
  const { pathname, search } = useLocation();
  if (session.is === "out") return <Navigate to={loginPath(pathname + search)} replace />;
  return (
    <Suspense fallback={<Skeleton />}>
      <DeskPage />
    </Suspense>
  );
}
