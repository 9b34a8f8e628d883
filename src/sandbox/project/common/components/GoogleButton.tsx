"use client";

import { signIn } from "next-auth/react";

export function GoogleButton() {
  return (
    <button id="google" type="button" onClick={() => signIn("google", { callbackUrl: "/" })}>
      Continue with Google
    </button>
  );
}
