import { Button } from "../style/Button";
import { Dialog } from "../style/Dialog";
import { text } from "../text/current";
import { sessions } from "./current";
import { LogInForm } from "./LogInForm";

/** Asks a person whose session has expired to log in again. Requests that were refused meanwhile are then repeated. */
export function SessionEnded({ email }: { email: string }) {
  const logOut = () => {
    sessions.end();
  };
  return (
    <Dialog title={text.session.expired} onClose={logOut}>
      <p className="quiet">{text.session.expiredText}</p>
      <LogInForm email={email} />
      <p>
        <Button look="quiet" onClick={logOut}>
          {text.session.logOutInstead}
        </Button>
      </p>
    </Dialog>
  );
}
