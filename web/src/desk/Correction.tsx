import { useRef, useState } from "react";

import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import { Button } from "../style/Button";
import { Dialog } from "../style/Dialog";
import { Field } from "../style/Field";
import { Notice } from "../style/Notice";
import { attemptFor, type CorrectionAttempt, correctionProblem, MOST_CREDITS, readCredits } from "./correctionAttempt";
import { AdjustCreditsDocument, type DeskBalanceFragment } from "./generated/graphql";
import { desk } from "./texts";

interface Corrected {
  id: string;
  username: string;
  balance: DeskBalanceFragment;
}

interface CorrectionProps {
  user: Corrected;
  /** Called when the balance has changed. */
  onDone: () => void;
}

/** Adds or takes credits for a reason, once the admin has confirmed both. */
export function Correction({ user, onDone }: CorrectionProps) {
  const { correction } = desk;
  const [credits, setCredits] = useState("");
  const [reason, setReason] = useState("");
  const [confirming, setConfirming] = useState<CorrectionAttempt | null>(null);
  const [done, setDone] = useState("");
  const last = useRef<CorrectionAttempt | null>(null);
  const amount = readCredits(credits);
  const problem = credits === "" ? null : correctionProblem(credits, user.balance.available);
  const check = () => {
    if (amount === null) return;
    last.current = attemptFor(last.current, amount, reason.trim(), () => crypto.randomUUID());
    setDone("");
    setConfirming(last.current);
  };
  return (
    <section className="module" aria-labelledby="desk-correction">
      <h2 id="desk-correction">{correction.title}</h2>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          check();
        }}
      >
        <Field
          label={correction.credits}
          hint={correction.creditsHint}
          type="number"
          step={1}
          min={-MOST_CREDITS}
          max={MOST_CREDITS}
          required
          problem={problem === null ? "" : correction.problems[problem](user.balance)}
          value={credits}
          onChange={(event) => {
            setCredits(event.target.value);
          }}
        />
        <Field
          label={correction.reason}
          hint={correction.reasonHint}
          required
          pattern=".*\S.*"
          maxLength={120}
          value={reason}
          onChange={(event) => {
            setReason(event.target.value);
          }}
        />
        <p>
          <Button type="submit">{correction.submit}</Button>
        </p>
      </form>
      {done !== "" && (
        <Notice look="good">
          <p>{done}</p>
        </Notice>
      )}
      {confirming !== null && (
        <Confirmation
          user={user}
          attempt={confirming}
          onClose={() => {
            setConfirming(null);
          }}
          onDone={(text) => {
            last.current = null;
            setConfirming(null);
            setCredits("");
            setReason("");
            setDone(text);
            onDone();
          }}
        />
      )}
    </section>
  );
}

interface ConfirmationProps {
  user: Corrected;
  attempt: CorrectionAttempt;
  onClose: () => void;
  onDone: (text: string) => void;
}

function Confirmation({ user, attempt: { credits, reason, idempotencyKey }, onClose, onDone }: ConfirmationProps) {
  const { run, busy, failure } = useAction(AdjustCreditsDocument);
  const { correction } = desk;
  const correct = async () => {
    const entry = (await run({ input: { userId: user.id, credits, reason, idempotencyKey } }))?.adjustCredits;
    if (entry !== undefined) onDone(correction.done(entry.creditsDelta, entry.balanceAfter));
  };
  return (
    <Dialog title={correction.confirm} onClose={onClose}>
      <p>
        {credits > 0 ? correction.add(credits, user.username) : correction.take(-credits, user.username)}{" "}
        {correction.because(reason)}
      </p>
      <p className="digits">{correction.change(user.balance.credits, user.balance.credits + credits)}</p>
      <Problem failure={failure} onAgain={() => void correct()} />
      <p className="actions">
        <Button look="first" busy={busy} onClick={() => void correct()}>
          {correction.yes}
        </Button>
        <Button onClick={onClose}>{correction.no}</Button>
      </p>
    </Dialog>
  );
}
