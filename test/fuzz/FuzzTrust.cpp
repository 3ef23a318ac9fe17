// Key rings, secret keys and signature files from hostile bytes. One spelling each: what is accepted, written again,
// gives the very same bytes; a key ring those of its lines that say something new.
#include "runtime/trust/Signature.h"
#include "test/fuzz/Require.h"

using namespace tenon;
using namespace tenon::trust;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const std::string_view text(reinterpret_cast<const char *>(data), size);
  auto keys = parsePublicKeys(text, "fuzz");
  auto secret = parseSecretKey(text, "fuzz");
  auto signatures = parseSignatures(text, "fuzz");
  require(keys.isOk() + secret.isOk() + signatures.isOk() <= 1);
  if (keys.isOk()) {
    std::string again;
    for (const PublicKey &key : *keys)
      again += formatPublicKey(key);
    auto same = parsePublicKeys(again, "fuzz");
    require(same.isOk() && same->size() == keys->size());
    for (const PublicKey &key : *keys)
      require(text.find(formatPublicKey(key)) != std::string_view::npos);
    require(again.size() <= text.size());
    if (again.size() == text.size())
      require(again == text);
  } else if (signatures.isOk()) {
    std::string again;
    for (const Signature &signature : *signatures)
      again += formatSignature(signature);
    require(again == text);
    require(!verifySignatures({}, "tenon fuzz 1", {data, size}, *signatures, "fuzz").isOk());
  } else if (secret.isOk()) {
    // The public line of it is a key ring.
    auto ring = parsePublicKeys(formatPublicKey(secret->publicKey()), "ring");
    require(ring.isOk() && ring->size() == 1 && (*ring)[0].comment == secret->comment);
  }
  for (const Status *status : {&keys.status(), &secret.status(), &signatures.status()})
    require(status->isOk() || (status->code() == Code::InvalidFile && status->message().starts_with("'fuzz'")));
  return 0;
}
