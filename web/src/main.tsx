import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter, Route, Routes } from "react-router";
import { Provider } from "urql";

import { client } from "./gateway/client";
import { Pricing } from "./plan/Pricing";

const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <Provider value={client}>
        <BrowserRouter>
          <Routes>
            <Route path="*" element={<Pricing />} />
          </Routes>
        </BrowserRouter>
      </Provider>
    </StrictMode>,
  );
}
