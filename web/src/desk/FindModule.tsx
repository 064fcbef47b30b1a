import { useState } from "react";

import { Button } from "../style/Button";
import { Field } from "../style/Field";
import { DeskUsersDocument } from "./generated/graphql";
import { Id, ListModule, RowHead } from "./ListModule";
import { desk } from "./texts";
import { usePaged } from "./usePaged";
import { UserLink } from "./UserLink";

/** Finds customers by a part of the email or the name, or by the id of an object at Stripe; all of them, newest first, without a text. */
export function FindModule() {
  const [typed, setTyped] = useState("");
  const [search, setSearch] = useState<string | null>(null);
  const form = (
    <form
      className="desk-form"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        setSearch(typed.trim() === "" ? null : typed.trim());
      }}
    >
      <Field
        label={desk.find.label}
        type="search"
        maxLength={100}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
        }}
      />
      <Button type="submit" look="first">
        {desk.find.submit}
      </Button>
    </form>
  );
  return <Found key={search} search={search} form={form} />;
}

function Found({ search, form }: { search: string | null; form: React.ReactNode }) {
  const paged = usePaged(DeskUsersDocument, { search }, ({ users }) => users);
  return (
    <ListModule
      title={desk.find.title}
      list={desk.find.list}
      empty={search === null ? desk.none : desk.find.none}
      paged={paged}
      row={(user) => (
        <>
          <RowHead label={<UserLink user={user} />} side={desk.find.balance(user.balance)} />
          <p className="quiet small">
            {user.email} · {desk.tiers[user.tier]} {user.role !== "USER" && `· ${desk.roles[user.role]} `}
            {user.closedAt !== null && `· ${desk.find.closed} `}
            <Id>{user.id}</Id>
          </p>
        </>
      )}
    >
      {form}
    </ListModule>
  );
}
