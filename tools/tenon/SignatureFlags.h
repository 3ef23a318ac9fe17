// --require-signature, for every verb that reads an engine.
#pragma once

#include "runtime/trust/Keys.h"

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

namespace tenon::cli {

struct SignatureFlags {
  std::string keyFile;

  void declare(CLI::App &app) {
    app.add_option("--require-signature", keyFile,
                   "Refuse engines that none of the public keys in this file has signed");
  }

  // The keys, or nothing where no signature is required.
  Result<std::optional<trust::PublicKeys>> signers() const {
    if (keyFile.empty())
      return std::optional<trust::PublicKeys>();
    TENON_ASSIGN(trust::PublicKeys keys, trust::readPublicKeys(keyFile));
    return std::optional(std::move(keys));
  }
};

inline const trust::PublicKeys *pointerTo(const std::optional<trust::PublicKeys> &keys) {
  return keys ? &*keys : nullptr;
}

} // namespace tenon::cli
