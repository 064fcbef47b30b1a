import { Field } from "../style/Field";
import { text } from "../text/current";
import { passwordProblem } from "./password";

interface PasswordFieldProps {
  label: string;
  password: string;
  onChange: (password: string) => void;
  /** A new password is checked and explained; a known one is only requested. */
  isNew?: boolean;
}

/** The field for a password. */
export function PasswordField({ label, password, onChange, isNew = false }: PasswordFieldProps) {
  return (
    <Field
      label={label}
      {...(isNew && { hint: text.session.passwordHint, problem: passwordProblem(password) })}
      type="password"
      autoComplete={isNew ? "new-password" : "current-password"}
      required
      value={password}
      onChange={(event) => {
        onChange(event.target.value);
      }}
    />
  );
}
