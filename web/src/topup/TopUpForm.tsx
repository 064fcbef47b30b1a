import { type SubmitEvent, useState } from "react";

import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import { type AutoTopUpPartsFragment, SetAutoTopUpDocument } from "../generated/graphql";
import { Button } from "../style/Button";
import { Field } from "../style/Field";
import { format, text } from "../text/current";
import { complaint, priceOf, settings, type Typed } from "./settings";

/** The settings at first: enough for some exports, at the lowest price. */
const USUAL: Typed = { below: "9", credits: "25", cap: "20" };

/** The settings of automatic top-ups. */
export function TopUpForm({ autoTopUp, onClose }: { autoTopUp: AutoTopUpPartsFragment | null; onClose: () => void }) {
  const { run, busy, failure } = useAction(SetAutoTopUpDocument);
  const [typed, setTyped] = useState<Typed>(autoTopUp === null ? USUAL : stored(autoTopUp));
  const chosen = settings(typed);
  const submit = async (): Promise<void> => {
    if (chosen !== null && (await run({ input: chosen })) !== null) onClose();
  };
  const field = (name: keyof Typed, label: string, hint: string) => (
    <Field
      label={label}
      hint={hint}
      inputMode="numeric"
      autoComplete="off"
      required
      value={typed[name]}
      problem={complaint(name, typed)}
      onChange={(event) => {
        setTyped({ ...typed, [name]: event.target.value });
      }}
    />
  );
  return (
    <form
      className="form topup-form"
      onSubmit={(event: SubmitEvent) => {
        event.preventDefault();
        void submit();
      }}
    >
      {field("below", text.topUps.below, text.topUps.belowHint)}
      {field("credits", text.topUps.credits, price(chosen?.credits ?? null))}
      {field("cap", text.topUps.cap, text.topUps.capHint)}
      <Problem failure={failure} />
      <p className="actions">
        <Button type="submit" look="first" busy={busy}>
          {autoTopUp?.enabled === true ? text.topUps.save : text.topUps.enable}
        </Button>
        <Button onClick={onClose}>{text.topUps.cancel}</Button>
      </p>
    </form>
  );
}

function price(credits: number | null): string {
  if (credits === null) return text.topUps.creditsHint;
  return text.topUps.costs(format.money({ amount: priceOf(credits), currency: "USD" }));
}

function stored({ below, credits, monthlyCap }: AutoTopUpPartsFragment): Typed {
  return { below: String(below), credits: String(credits), cap: String(Math.floor(monthlyCap.amount / 100)) };
}
