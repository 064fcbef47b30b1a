import { text } from "../text/current";
import { Field } from "../style/Field";
import { PasswordField } from "./PasswordField";

/** The email and the password of a person. */
export interface Credentials {
  email: string;
  password: string;
}

interface CredentialFieldsProps {
  credentials: Credentials;
  onChange: (credentials: Credentials) => void;
  /** A new password is checked and explained; a known one is only requested. */
  isNew?: boolean;
  /** The email is known, and cannot be changed. */
  emailFixed?: boolean;
}

/** The fields for an email and a password. */
export function CredentialFields({ credentials, onChange, isNew = false, emailFixed = false }: CredentialFieldsProps) {
  return (
    <>
      <Field
        label={text.session.email}
        type="email"
        autoComplete={isNew ? "email" : "username"}
        required
        readOnly={emailFixed}
        value={credentials.email}
        onChange={(event) => {
          onChange({ ...credentials, email: event.target.value });
        }}
      />
      <PasswordField
        label={text.session.password}
        password={credentials.password}
        isNew={isNew}
        onChange={(password) => {
          onChange({ ...credentials, password });
        }}
      />
    </>
  );
}
