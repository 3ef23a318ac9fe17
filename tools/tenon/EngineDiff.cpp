#include "tools/tenon/EngineDiff.h"

#include "runtime/base/Bytes.h"
#include "runtime/base/JsonDiff.h"
#include "runtime/base/Printable.h"
#include "runtime/engine/MadeBy.h"
#include "runtime/engine/Verify.h"
#include "tools/tenon/CodeSymbols.h"

#include <algorithm>
#include <map>

namespace tenon::cli {
namespace {

using Named = std::map<std::string, std::string>;

std::string numberText(uint64_t value, const char *unit) { return std::to_string(value) + " " + unit; }

std::string contentText(std::span<const uint8_t> bytes, const char *what) {
  return std::string(what) + " of " + numberText(bytes.size(), "bytes") + ", digest " +
         toHex(treeDigest(bytes)).substr(0, 16);
}

class Diff {
public:
  // What two lists of names and texts do not share.
  void names(const char *part, const Named &left, const Named &right) {
    for (const auto &[name, text] : left)
      if (const auto other = right.find(name); other == right.end())
        all_.push_back({part, name, text, std::nullopt});
      else if (other->second != text)
        all_.push_back({part, name, text, other->second});
    for (const auto &[name, text] : right)
      if (!left.contains(name))
        all_.push_back({part, name, std::nullopt, text});
  }
  void value(const char *part, const char *name, const std::string &left, const std::string &right) {
    if (left != right)
      all_.push_back({part, name, left, right});
  }
  void add(Difference difference) { all_.push_back(std::move(difference)); }
  bool empty() const { return all_.empty(); }
  std::vector<Difference> take() { return std::move(all_); }

private:
  std::vector<Difference> all_;
};

Named optionsOf(const schema::Engine &engine) {
  Named fields;
  for (const schema::KeyValue *field : *engine.options())
    fields[field->key()->str()] = field->value()->str();
  return fields;
}

// Those that nothing else here says: options, shapes and targets are under "option", contents under "document".
Named keysOf(const schema::Engine &engine) {
  Named fields;
  for (const schema::KeyValue *field : *engine.key_fields()) {
    const std::string key = field->key()->str();
    const bool elsewhere = key == "compiler" || key == kSourcesField || key == "model.config" ||
                           key.starts_with("option.") || key.starts_with("shape.") || key.starts_with("target.") ||
                           key.starts_with("format.");
    if (!elsewhere)
      fields[key] = field->value()->str();
  }
  return fields;
}

// By path; one text "config.json" where one of them cannot be parsed.
void diffConfigs(const schema::Engine &a, const schema::Engine &b, Diff &diff) {
  const auto &left = *a.model()->config(), &right = *b.model()->config();
  const auto x = parseJson(left.string_view(), "config.json"), y = parseJson(right.string_view(), "config.json");
  if (!x.isOk() || !y.isOk())
    return diff.value("config", "config.json", contentText(bytesOf(left.string_view()), "text"),
                      contentText(bytesOf(right.string_view()), "text"));
  for (JsonDifference &d : jsonDifferences(x->root(), y->root()))
    diff.add({"config", std::move(d.path), std::move(d.left), std::move(d.right)});
}

Named documentsOf(const EngineFile &file) {
  Named texts;
  const auto &segments = *file.metadata().segments();
  for (uint32_t i = 0; i < segments.size(); ++i)
    if (segments.Get(i)->kind() != schema::SegmentKind::Code && segments.Get(i)->kind() != schema::SegmentKind::Weights)
      texts[segments.Get(i)->name()->str()] = contentText(file.segment(i), "text");
  return texts;
}

Named memoryOf(const schema::Rank &rank, const schema::Variant &variant) {
  const std::string target = variant.target()->str() + " ";
  return {{target + "weights", numberText(rank.weight_bytes(), "bytes")},
          {target + "kv", numberText(variant.kv_bytes(), "bytes")},
          {target + "io", numberText(variant.io_bytes(), "bytes")},
          {target + "arena", numberText(variant.arena_bytes(), "bytes")}};
}

std::string optionalText(const flatbuffers::String *text) { return text ? text->str() : ""; }

// What a kernel is, and the machine code of its entry where the image can be read. What kernels share is the code of
// the target.
Named kernelsOf(const EngineFile &file, const schema::Variant &variant) {
  const auto functions = functionsOf(file.segment(variant.code()));
  Named kernels;
  for (const schema::Kernel *kernel : *variant.kernels()) {
    std::string text = kernel->anchor()->str() + " [" + optionalText(kernel->prologue()) + " | " +
                       optionalText(kernel->epilogue()) + "] " + optionalText(kernel->multiplier()) + ", " +
                       numberText(kernel->flops(), "operations") + ", " +
                       numberText(kernel->weight_bytes(), "bytes of weights") + ", " +
                       numberText(kernel->activation_bytes(), "of activations");
    if (const auto code = functions.find(kernel->symbol()->string_view()); code != functions.end())
      text += ", " + contentText(code->second, "entry code");
    kernels[variant.target()->str() + " " + kernel->symbol()->str()] = std::move(text);
  }
  return kernels;
}

// Each program's launches; the digest tells sequences of the same length apart.
Named programsOf(const schema::Variant &variant) {
  Named programs;
  for (const schema::Program *program : *variant.programs()) {
    std::string steps;
    for (const schema::Step *step : *program->steps()) {
      steps += std::string(EnumNameStepKind(step->kind())) + " ";
      if (step->kind() == schema::StepKind::Launch)
        steps += variant.kernels()->Get(step->kernel())->symbol()->str();
      for (const schema::Slice *slice : *step->args())
        steps += " " + std::to_string(static_cast<int>(slice->region())) + ":" + std::to_string(slice->index()) + ":" +
                 std::to_string(slice->offset()) + ":" + std::to_string(slice->bytes());
      steps += "\n";
    }
    programs[variant.target()->str() + " " + program->entry()->str() + " " + std::to_string(program->rows())] =
        numberText(program->steps()->size(), "steps") + ", digest " + toHex(digestOf(bytesOf(steps))).substr(0, 16);
  }
  return programs;
}

std::span<const uint8_t> contentOf(const EngineFile &file, const schema::Weight &weight) {
  const schema::Rank &rank = *file.metadata().ranks()->Get(0);
  // Verified when the file was opened: the slice lies within its segment.
  return file.segment(rank.weight_segments()->Get(weight.slice()->index()))
      .subspan(weight.slice()->offset(), weight.slice()->bytes());
}

Named weightsOf(const EngineFile &file, bool withContents) {
  Named weights;
  for (const schema::Weight *weight : *file.metadata().ranks()->Get(0)->weights()) {
    std::string text = weight->format() ? weight->format()->str() : schema::EnumNameDType(weight->dtype());
    for (uint32_t i = 0; i < weight->shape()->size(); ++i)
      text += (i ? "x" : " ") + std::to_string(weight->shape()->Get(i));
    text += " " + weight->layout()->str();
    if (withContents)
      text += ", " + contentText(contentOf(file, *weight), "content");
    weights[weight->name()->str()] = std::move(text);
  }
  return weights;
}

std::vector<Digest> weightDigests(const EngineFile &file) {
  std::vector<Digest> digests;
  for (const schema::Segment *segment : *file.metadata().segments())
    if (segment->kind() == schema::SegmentKind::Weights)
      digests.push_back(segmentDigest(*segment));
  return digests;
}

const schema::Variant *variantOf(const EngineFile &file, std::string_view target) {
  for (const schema::Variant *variant : *file.metadata().ranks()->Get(0)->variants())
    if (variant->target()->string_view() == target)
      return variant;
  return nullptr;
}

Named targetsOf(const EngineFile &file) {
  Named targets;
  for (const schema::Variant *variant : *file.metadata().ranks()->Get(0)->variants())
    targets[variant->target()->str()] =
        variant->features()->str() + "; " + contentText(file.segment(variant->code()), "code");
  return targets;
}

constexpr size_t kShownBytes = 200;

// How many bytes both begin with that need not be said twice: whole parts of texts too long for a line.
size_t sharedWords(const std::string &left, const std::string &right) {
  if (left.size() <= kShownBytes / 2 && right.size() <= kShownBytes / 2)
    return 0;
  const auto [end, other] = std::ranges::mismatch(left, right);
  const std::string_view shared(left.data(), static_cast<size_t>(end - left.begin()));
  const size_t part = shared.rfind("; ");
  return part == std::string_view::npos ? 0 : part + 2;
}

// The text from `from` on, with its middle left out where it is long: its end has sizes and digests.
std::string shortened(const std::string &text, size_t from) {
  constexpr size_t kHalf = kShownBytes / 2;
  std::string shown = text.substr(from);
  if (shown.size() > kShownBytes)
    shown = shown.substr(0, kHalf) + " ... " + shown.substr(shown.size() - kHalf);
  return (from ? "... " : "") + shown;
}

} // namespace

std::vector<Difference> diffEngines(const EngineFile &left, const EngineFile &right) {
  const schema::Engine &a = left.metadata(), &b = right.metadata();
  Diff diff;
  if (left.metadataDigest() == right.metadataDigest() && left.fileBytes() == right.fileBytes())
    return {}; // it holds the digests of all segments, and those were compared with their bytes
  diff.value("compiler", kMadeBy, madeBy(a), madeBy(b));
  diff.names("option", optionsOf(a), optionsOf(b));
  diff.names("key", keysOf(a), keysOf(b));
  diffConfigs(a, b, diff);
  diff.names("document", documentsOf(left), documentsOf(right));
  diff.names("target", targetsOf(left), targetsOf(right));
  for (const schema::Variant *variant : *a.ranks()->Get(0)->variants())
    if (const schema::Variant *other = variantOf(right, variant->target()->string_view())) {
      diff.names("memory", memoryOf(*a.ranks()->Get(0), *variant), memoryOf(*b.ranks()->Get(0), *other));
      diff.names("kernel", kernelsOf(left, *variant), kernelsOf(right, *other));
      diff.names("program", programsOf(*variant), programsOf(*other));
    }
  const bool others = weightDigests(left) != weightDigests(right);
  diff.names("weight", weightsOf(left, others), weightsOf(right, others));
  diff.value("file", "size", numberText(left.fileBytes(), "bytes"), numberText(right.fileBytes(), "bytes"));
  if (diff.empty()) // layout of segments, formatting of config.json, anything that has no word of its own
    diff.value("file", "metadata", toHex(left.metadataDigest()), toHex(right.metadataDigest()));
  return diff.take();
}

std::string textOf(const Difference &d) {
  std::string text = d.part + std::string(d.part.size() < 10 ? 10 - d.part.size() : 0, ' ') + " " + d.name + ": ";
  if (d.left && d.right) {
    const size_t shared = sharedWords(*d.left, *d.right);
    text += shortened(*d.left, shared) + " -> " + shortened(*d.right, shared);
  } else {
    text += d.left ? "only in the first: " + shortened(*d.left, 0) : "only in the second: " + shortened(*d.right, 0);
  }
  return printable(text); // names are an engine's own words
}

void writeDifferences(JsonWriter &json, const std::vector<Difference> &differences) {
  json.key("differences").beginArray();
  for (const Difference &d : differences) {
    json.beginObject().field("part", d.part).field("name", d.name).key("first");
    d.left ? json.value(*d.left) : json.null();
    json.key("second");
    d.right ? json.value(*d.right) : json.null();
    json.endObject();
  }
  json.endArray();
}

} // namespace tenon::cli
