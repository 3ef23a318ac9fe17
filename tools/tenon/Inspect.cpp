// tenon inspect: what an engine is made of and what it needs, for people or as JSON.
#include "runtime/base/Digest.h"
#include "runtime/base/Printable.h"
#include "runtime/engine/EngineFile.h"
#include "runtime/engine/HostCheck.h"
#include "runtime/engine/MadeBy.h"
#include "tools/cli/JsonWriter.h"
#include "tools/cli/Quantity.h"
#include "tools/tenon/InspectGguf.h"
#include "tools/tenon/SignatureFlags.h"
#include "tools/tenon/Verbs.h"
#include "tools/tenon/WholeEngine.h"

#include <CLI/CLI.hpp>
#include <cinttypes>
#include <cstdio>

namespace tenon::cli {
namespace {

std::string hexOf(const flatbuffers::Vector<uint8_t> &digest) {
  Digest value{};
  std::copy(digest.begin(), digest.end(), value.begin());
  return toHex(value);
}

// An engine's own words; nothing for none.
std::string shown(const flatbuffers::String *text) { return text ? printable(text->string_view()) : ""; }

// The target that this machine would run; empty where it runs none.
std::string targetHere(const EngineFile &file) {
  const Result<uint32_t> chosen = chooseVariant(file, cpu::HostFeatures::get());
  return chosen.isOk() ? file.metadata().ranks()->Get(0)->variants()->Get(*chosen)->target()->str() : "";
}

class InspectVerb final : public Verb {
public:
  const char *name() const override { return "inspect"; }
  const char *summary() const override { return "Show what is in an engine or a GGUF file"; }
  const char *examples() const override {
    return "  tenon inspect m.tenon\n  tenon inspect m.tenon --weights --kernels\n  tenon inspect m.tenon --verify\n  "
           "tenon inspect m.tenon --json\n  tenon inspect model.gguf --weights\n";
  }
  void declare(CLI::App &app) override {
    app.add_option("engine", path_, "Engine file, or GGUF file")->required();
    app.add_flag("--weights", weights_, "List every weight with its type, layout and place");
    app.add_flag("--kernels", kernels_, "List every kernel with its work");
    app.add_flag("--key", key_, "List the fields that decide the engine's bytes");
    app.add_flag("--verify", verify_, "Read everything: compare the digests, and look for zeros in the padding");
    signature_.declare(app);
    app.add_flag("--json", json_, "Everything as one JSON object");
  }

  Status run(Terminal &terminal) override {
    if (isGguf(path_)) {
      if (kernels_ || key_ || verify_ || !signature_.keyFile.empty())
        return Status(Code::Usage,
                      "'" + path_ +
                          "' is a GGUF file: --kernels, --key, --verify and --require-signature are for engines");
      return inspectGguf(path_, weights_, json_);
    }
    TENON_ASSIGN(const auto signers, signature_.signers());
    TENON_ASSIGN(EngineFile file, EngineFile::open(path_, pointerTo(signers)));
    if (verify_) {
      TENON_TRY(checkWholeEngine(file));
      terminal.note("all digests match");
    }
    if (json_)
      printJson(file);
    else
      printText(file);
    return Status::ok();
  }

private:
  void printText(const EngineFile &file) const {
    const schema::Engine &e = file.metadata();
    const schema::ModelInfo &m = *e.model();
    std::printf("%s: format %u.%u, %s, made by %s\n", path_.c_str(), file.header().major, file.formatMinor(),
                formatBytes(file.fileBytes()).c_str(), printable(madeBy(e)).c_str());
    std::printf("model      %s, %u layers, hidden %u, %u heads, vocabulary %u, %" PRIu64 " parameters\n",
                shown(m.family()).c_str(), m.layers(), m.hidden(), m.heads(), m.vocab(), m.parameters());
    const schema::KvGeometry &kv = *e.kv();
    std::printf("kv cache   %s, %u layers x %u heads x %u, %u pages of %u tokens\n", schema::EnumNameDType(kv.dtype()),
                kv.layers(), kv.kv_heads(), kv.head_dim(), kv.pages(), kv.page_tokens());
    const schema::ShapeKey &shape = *e.shape();
    std::printf("shape      %u sequences, %u tokens each; rows", shape.max_sequences(), shape.max_context());
    for (uint32_t rows : *shape.body_rows())
      std::printf(" %u", rows);
    std::printf("; head rows");
    for (uint32_t rows : *shape.head_rows())
      std::printf(" %u", rows);
    std::printf("\n");
    for (const schema::Rank *rank : *e.ranks()) {
      for (const schema::Variant *v : *rank->variants())
        printVariant(*rank, *v);
      if (weights_)
        for (const schema::Weight *w : *rank->weights())
          printWeight(*w);
    }
    const std::string here = targetHere(file);
    std::printf("runs       %s\n", here.empty() ? "not on this machine" : (here + " on this machine").c_str());
    for (const schema::Segment *s : *e.segments())
      std::printf("segment    %-28s %10s  %.16s...%s%s\n", shown(s->name()).c_str(), formatBytes(s->bytes()).c_str(),
                  hexOf(*s->digest()).c_str(), s->external() ? "  in " : "", shown(s->external()).c_str());
    for (const schema::KeyValue *option : *e.options())
      std::printf("option     %s = %s\n", shown(option->key()).c_str(), shown(option->value()).c_str());
    if (key_)
      for (const schema::KeyValue *field : *e.key_fields())
        std::printf("key        %s = %s\n", shown(field->key()).c_str(), shown(field->value()).c_str());
  }

  void printVariant(const schema::Rank &rank, const schema::Variant &v) const {
    const uint64_t total = rank.weight_bytes() + v.kv_bytes() + v.io_bytes() + v.arena_bytes();
    std::printf("target     %s (%s)\n", shown(v.target()).c_str(), shown(v.features()).c_str());
    std::printf("memory     weights %s + kv %s + io %s + arena %s = %s (%" PRIu64 " bytes)\n",
                formatBytes(rank.weight_bytes()).c_str(), formatBytes(v.kv_bytes()).c_str(),
                formatBytes(v.io_bytes()).c_str(), formatBytes(v.arena_bytes()).c_str(), formatBytes(total).c_str(),
                total);
    std::printf("code       %u kernels, %u programs\n", v.kernels()->size(), v.programs()->size());
    if (!kernels_)
      return;
    for (const schema::Kernel *k : *v.kernels())
      std::printf("kernel     %-24s %-10s %8.1f MFLOP  weights %9s  activations %9s  [%s | %s]\n",
                  shown(k->symbol()).c_str(), shown(k->anchor()).c_str(), static_cast<double>(k->flops()) / 1e6,
                  formatBytes(k->weight_bytes()).c_str(), formatBytes(k->activation_bytes()).c_str(),
                  shown(k->prologue()).c_str(), shown(k->epilogue()).c_str());
  }

  static void printWeight(const schema::Weight &w) {
    std::string shape;
    for (uint64_t d : *w.shape())
      shape += (shape.empty() ? "" : " x ") + std::to_string(d);
    std::printf("weight     %-28s %-16s %-20s %-20s at %" PRIu64 ", %s\n", shown(w.name()).c_str(),
                w.format() ? shown(w.format()).c_str() : schema::EnumNameDType(w.dtype()), shape.c_str(),
                shown(w.layout()).c_str(), w.slice()->offset(), formatBytes(w.slice()->bytes()).c_str());
  }

  static void list(JsonWriter &json, std::string_view name,
                   const flatbuffers::Vector<flatbuffers::Offset<schema::KeyValue>> &fields) {
    json.key(name).beginObject();
    for (const schema::KeyValue *field : fields)
      json.field(field->key()->string_view(), field->value()->string_view());
    json.endObject();
  }

  static void printJson(const EngineFile &file) {
    const schema::Engine &e = file.metadata();
    JsonWriter json;
    json.beginObject()
        .field("schema_version", 1)
        .field("file_bytes", file.fileBytes())
        .field("compiler", e.compiler()->string_view());
    const schema::ModelInfo &m = *e.model();
    json.key("model")
        .beginObject()
        .field("family", m.family()->string_view())
        .field("layers", m.layers())
        .field("hidden", m.hidden());
    json.field("heads", m.heads()).field("vocab", m.vocab()).field("parameters", m.parameters()).endObject();
    const schema::KvGeometry &kv = *e.kv();
    json.key("kv")
        .beginObject()
        .field("dtype", schema::EnumNameDType(kv.dtype()))
        .field("layers", kv.layers())
        .field("kv_heads", kv.kv_heads());
    json.field("head_dim", kv.head_dim()).field("pages", kv.pages()).field("page_tokens", kv.page_tokens()).endObject();
    const schema::ShapeKey &shape = *e.shape();
    json.key("shape")
        .beginObject()
        .field("max_sequences", shape.max_sequences())
        .field("max_context", shape.max_context());
    json.key("body_rows").beginArray();
    for (uint32_t rows : *shape.body_rows())
      json.value(rows);
    json.endArray().key("head_rows").beginArray();
    for (uint32_t rows : *shape.head_rows())
      json.value(rows);
    json.endArray().endObject().key("segments").beginArray();
    for (const schema::Segment *s : *e.segments()) {
      json.beginObject()
          .field("name", s->name()->string_view())
          .field("offset", s->offset())
          .field("bytes", s->bytes());
      json.field("digest", hexOf(*s->digest()));
      if (s->external())
        json.field("external", s->external()->string_view());
      json.endObject();
    }
    json.endArray().key("ranks").beginArray();
    for (const schema::Rank *rank : *e.ranks())
      writeRank(json, *rank);
    json.endArray().key("runs_here");
    const std::string here = targetHere(file);
    here.empty() ? json.null() : json.value(here);
    list(json, "options", *e.options());
    list(json, "key", *e.key_fields());
    std::printf("%s\n", json.endObject().text().c_str());
  }

  static void writeRank(JsonWriter &json, const schema::Rank &rank) {
    json.beginObject().field("weight_bytes", rank.weight_bytes()).key("weights").beginArray();
    for (const schema::Weight *w : *rank.weights()) {
      json.beginObject()
          .field("name", w->name()->string_view())
          .field("dtype", schema::EnumNameDType(w->dtype()))
          .field("format", w->format() ? w->format()->string_view() : "")
          .key("shape")
          .beginArray();
      for (uint64_t d : *w->shape())
        json.value(d);
      json.endArray()
          .field("layout", w->layout()->string_view())
          .field("offset", w->slice()->offset())
          .field("bytes", w->slice()->bytes())
          .endObject();
    }
    json.endArray().key("variants").beginArray();
    for (const schema::Variant *v : *rank.variants()) {
      json.beginObject().field("target", v->target()->string_view()).field("features", v->features()->string_view());
      json.field("kv_bytes", v->kv_bytes()).field("io_bytes", v->io_bytes()).field("arena_bytes", v->arena_bytes());
      json.field("total_bytes", rank.weight_bytes() + v->kv_bytes() + v->io_bytes() + v->arena_bytes())
          .key("kernels")
          .beginArray();
      for (const schema::Kernel *k : *v->kernels())
        json.beginObject()
            .field("symbol", k->symbol()->string_view())
            .field("anchor", k->anchor()->string_view())
            .field("flops", k->flops())
            .field("weight_bytes", k->weight_bytes())
            .field("activation_bytes", k->activation_bytes())
            .endObject();
      json.endArray().endObject();
    }
    json.endArray().endObject();
  }

  std::string path_;
  SignatureFlags signature_;
  bool weights_ = false, kernels_ = false, key_ = false, verify_ = false, json_ = false;
};

} // namespace

std::unique_ptr<Verb> makeInspectVerb() { return std::make_unique<InspectVerb>(); }

} // namespace tenon::cli
