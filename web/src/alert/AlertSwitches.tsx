import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import { type AlertSettingPartsFragment, SetAlertDocument } from "../generated/graphql";
import { text } from "../text/current";

/** The kinds of alerts that are only on or off. */
const KINDS = ["EXPIRING_PLAN", "PAYMENT_FAILED"] as const;

/** Switches kinds of alerts on and off, each at once. */
export function AlertSwitches({ settings }: { settings: readonly AlertSettingPartsFragment[] }) {
  const { run, failure } = useAction(SetAlertDocument);
  return (
    <fieldset className="alerts-switches">
      <legend>{text.alerts.others}</legend>
      {KINDS.map((kind) => (
        <label key={kind}>
          <input
            type="checkbox"
            checked={settings.some((setting) => setting.kind === kind && setting.enabled)}
            onChange={(event) => void run({ input: { kind, enabled: event.target.checked } })}
          />
          {text.alerts.kinds[kind]}
        </label>
      ))}
      <Problem failure={failure} />
    </fieldset>
  );
}
