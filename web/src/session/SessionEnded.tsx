import { Button } from "../style/Button";
import { Dialog } from "../style/Dialog";
import { sessions } from "./current";
import { LogInForm } from "./LogInForm";

/** Asks to log in again, over whatever the person was doing, which then goes on. */
export function SessionEnded({ email }: { email: string }) {
  const leave = () => {
    sessions.end();
  };
  return (
    <Dialog title="Log in again to go on" onClose={leave}>
      <p className="quiet">
        Your session has ended. Nothing is lost: what you were doing goes on as soon as you are back.
      </p>
      <LogInForm known={email} />
      <p>
        <Button look="quiet" onClick={leave}>
          Log out instead
        </Button>
      </p>
    </Dialog>
  );
}
