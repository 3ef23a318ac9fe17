// tenon verify: is the file whole, and who says so?
#include "tools/cli/JsonWriter.h"
#include "tools/cli/Quantity.h"
#include "tools/tenon/Rebuild.h"
#include "tools/tenon/Verbs.h"
#include "tools/tenon/WholeEngine.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <unistd.h>

namespace tenon::cli {
namespace {

struct Signed {
  trust::Signature signature;
  bool right = false;
  const trust::PublicKey *trusted = nullptr; // the key of the ring
};

// What to do where the engine is of another compiler than the one here; empty where it is not.
std::string otherCompiler(const std::vector<Difference> &differences) {
  for (const Difference &d : differences)
    if (d.part == "compiler" && d.name == kMadeBy)
      return "\n  it was made by " + d.left.value_or("") + ", and the compiler here is " + d.right.value_or("") +
             ": rebuild it with the compiler that made it";
  return "";
}

class VerifyVerb final : public Verb {
public:
  const char *name() const override { return "verify"; }
  const char *summary() const override { return "Check an engine: structure, all digests, signatures"; }
  const char *examples() const override {
    return "  tenon verify m.tenon\n  tenon verify m.tenon --key release.pub   # and one of these keys must have "
           "signed "
           "it\n";
  }
  void declare(CLI::App &app) override {
    app.add_option("engine", path_, "Engine file")->required();
    app.add_option("--key", keyPath_, "Public keys of which one must have signed the engine");
    auto *rebuild = app.add_flag("--rebuild", rebuild_,
                                 "Compile MODEL with the engine's own options, without the cache, into $TMPDIR, and "
                                 "compare the bytes (7 where they differ)");
    app.add_option("model", model_, "With --rebuild: what the engine was compiled from")->needs(rebuild);
    app.add_flag("--json", json_, "One JSON object on stdout");
  }

  Status run(Terminal &terminal) override {
    if (rebuild_ && model_.empty())
      return Status(Code::Usage, "--rebuild: expected the model, found none: tenon verify --rebuild ENGINE MODEL");
    if (!keyPath_.empty()) {
      TENON_ASSIGN(ring_, trust::readPublicKeys(keyPath_));
    }
    TENON_ASSIGN(EngineFile file, EngineFile::open(path_, keyPath_.empty() ? nullptr : &ring_));
    TENON_TRY(checkWholeEngine(file));
    TENON_ASSIGN(const auto signatures, readSigned(file));
    // With a ring one right signature of it is there: open() has seen to that. What others have signed is told, not
    // judged.
    for (const Signed &line : signatures)
      if (keyPath_.empty() && !line.right)
        return Status(Code::Integrity, "'" + signaturePath(path_) + "': the signature of " +
                                           trust::keyText(line.signature.key) +
                                           " is wrong: expected one of this engine, found one of other bytes");
    std::optional<std::vector<Difference>> rebuilt;
    if (rebuild_) {
      TENON_ASSIGN(rebuilt, rebuildAndCompare(file, model_, terminal));
    }
    json_ ? printJson(file, signatures, rebuilt) : printText(file, signatures, rebuilt);
    if (rebuilt && !rebuilt->empty())
      return Status(Code::Integrity,
                    "'" + path_ + "' is not what '" + model_ + "' compiles to here: expected the same bytes, found " +
                        std::to_string(rebuilt->size()) + (rebuilt->size() == 1 ? " difference" : " differences") +
                        otherCompiler(*rebuilt));
    return Status::ok();
  }

private:
  Result<std::vector<Signed>> readSigned(const EngineFile &file) const {
    std::vector<Signed> all;
    const std::string path = signaturePath(path_);
    if (access(path.c_str(), F_OK) != 0)
      return all;
    TENON_ASSIGN(const auto signatures, trust::readSignatures(path));
    for (const trust::Signature &signature : signatures) {
      const auto known = std::find_if(ring_.begin(), ring_.end(),
                                      [&](const trust::PublicKey &key) { return key.bytes == signature.key; });
      all.push_back({signature, trust::isRight(signature, kEngineDomain, signedBytes(file.header())),
                     known == ring_.end() ? nullptr : &*known});
    }
    return all;
  }

  void printText(const EngineFile &file, const std::vector<Signed> &signatures,
                 const std::optional<std::vector<Difference>> &rebuilt) const {
    std::printf("structure  right\ndigests    right: metadata, %u segments of %s\n", file.metadata().segments()->size(),
                formatBytes(segmentBytes(file)).c_str());
    if (signatures.empty())
      std::printf("signature  none\n");
    for (const Signed &line : signatures)
      std::printf("signature  %s, %s %s\n", line.right ? "right" : "wrong", line.trusted ? "trusted" : "unknown",
                  line.trusted ? trust::describe(*line.trusted).c_str() : trust::keyText(line.signature.key).c_str());
    if (rebuilt && rebuilt->empty())
      std::printf("rebuilt    the same bytes\n");
    else if (rebuilt)
      std::printf("rebuilt    other bytes; this engine -> rebuilt\n");
    for (const Difference &difference : rebuilt.value_or(std::vector<Difference>()))
      std::printf("%s\n", textOf(difference).c_str());
  }

  void printJson(const EngineFile &file, const std::vector<Signed> &signatures,
                 const std::optional<std::vector<Difference>> &rebuilt) const {
    JsonWriter json;
    json.beginObject().field("schema_version", 1).field("engine", path_);
    json.field("metadata_digest", toHex(file.metadataDigest()));
    json.field("segments", file.metadata().segments()->size()).field("segment_bytes", segmentBytes(file));
    json.key("signatures").beginArray();
    for (const Signed &line : signatures) {
      json.beginObject().field("key", trust::keyText(line.signature.key)).field("right", line.right);
      json.field("trusted", line.trusted != nullptr);
      if (line.trusted)
        json.field("comment", line.trusted->comment);
      json.endObject();
    }
    json.endArray();
    if (rebuilt) {
      json.field("rebuilt_same", rebuilt->empty());
      writeDifferences(json, *rebuilt);
    }
    std::printf("%s\n", json.endObject().text().c_str());
  }

  std::string path_, keyPath_, model_;
  trust::PublicKeys ring_;
  bool json_ = false, rebuild_ = false;
};

} // namespace

std::unique_ptr<Verb> makeVerifyVerb() { return std::make_unique<VerifyVerb>(); }

} // namespace tenon::cli
