import { type InputHTMLAttributes, useEffect, useId, useRef } from "react";

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  /** A sentence below the input. */
  hint?: string;
  /** A sentence that says why the value cannot be submitted; empty when it can. The browser shows it. */
  problem?: string;
}

/** A labelled input of a form. */
export function Field({ label, hint, problem = "", ...input }: FieldProps) {
  const id = useId();
  const element = useRef<HTMLInputElement>(null);
  useEffect(() => {
    element.current?.setCustomValidity(problem);
  }, [problem]);
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input ref={element} id={id} aria-describedby={hint === undefined ? undefined : `${id}-hint`} {...input} />
      {hint !== undefined && (
        <p className="quiet small" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
