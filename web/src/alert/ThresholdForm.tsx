import { type SubmitEvent, useState } from "react";

import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import { type AlertSettingPartsFragment, SetAlertDocument } from "../generated/graphql";
import { Button } from "../style/Button";
import { Field } from "../style/Field";
import { text } from "../text/current";
import { MOST, threshold } from "./threshold";

/** The form of the number of credits below which the person is alerted. */
export function ThresholdForm({ setting }: { setting: AlertSettingPartsFragment }) {
  const { run, busy, failure } = useAction(SetAlertDocument);
  const [typed, setTyped] = useState(setting.below?.toString() ?? "");
  const [isSaved, setSaved] = useState(false);
  const below = threshold(typed);
  const save = async (enabled: boolean) => {
    setSaved(false);
    const input = { kind: "LOW_BALANCE", enabled, ...(enabled && { below }) } as const;
    setSaved((await run({ input })) !== null);
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void save(true);
  };
  return (
    <form className="form" onSubmit={submit}>
      <Field
        label={text.alerts.threshold}
        hint={setting.enabled && setting.below !== null ? text.alerts.on(setting.below) : text.alerts.off}
        problem={below === null ? text.alerts.wrong(MOST) : ""}
        className="digits alerts-threshold"
        inputMode="numeric"
        autoComplete="off"
        required
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setSaved(false);
        }}
      />
      <Problem failure={failure} />
      <p className="actions">
        <Button type="submit" busy={busy}>
          {text.alerts.save}
        </Button>
        {setting.enabled && (
          <Button look="quiet" onClick={() => void save(false)}>
            {text.alerts.turnOff}
          </Button>
        )}
        <span role="status" className="quiet small">
          {isSaved ? text.alerts.saved : ""}
        </span>
      </p>
    </form>
  );
}
