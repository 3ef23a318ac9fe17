// tenon tokenize: text to token ids and back, with the tokenizer of an engine, a GGUF file or a tokenizer.json.
#include "compiler/import/ModelDirectory.h"
#include "runtime/engine/EngineFile.h"
#include "tools/cli/JsonWriter.h"
#include "tools/tenon/InputText.h"
#include "tools/tenon/InspectGguf.h"
#include "tools/tenon/SignatureFlags.h"
#include "tools/tenon/Verbs.h"

#include <cstdio>
#include <sys/stat.h>

namespace tenon::cli {
namespace {

bool endsWith(const std::string &text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool isFolder(const std::string &path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

using Loaded = Result<std::unique_ptr<text::Tokenizer>>;

// The parser knows the text's kind only.
Loaded within(const std::string &source, Loaded tokenizer) {
  return tokenizer.isOk() ? std::move(tokenizer) : Loaded(std::move(tokenizer).status().within(source));
}

class TokenizeVerb final : public Verb {
public:
  const char *name() const override { return "tokenize"; }
  const char *summary() const override { return "Turn text into token ids, or ids into text"; }
  const char *examples() const override {
    return "  tenon tokenize m.tenon -p \"In the beginning\"\n"
           "  tenon tokenize path/to/model/ -f text.txt --json\n"
           "  tenon tokenize m.tenon --decode 4088,300,17\n";
  }
  void declare(CLI::App &app) override {
    app.add_option("source", source_, "Engine, GGUF file, tokenizer.json, or a model folder that holds one")
        ->required();
    prompt_ = app.add_option("-p,--prompt", text_, "Text to encode");
    file_ = app.add_option("-f,--file", path_, "File to encode; - (and nothing at all) for standard input");
    decode_ = app.add_option("--decode", ids_, "Ids to decode, such as 1,2,3");
    app.add_flag("--no-special", noSpecial_, "Do not add the tokenizer's begin and end tokens");
    app.add_flag("--show-special", showSpecial_, "Print special tokens when decoding");
    signature_.declare(app);
    app.add_flag("--json", json_, "One JSON object: ids, and each token's text");
  }

  Status run(Terminal &) override {
    if (prompt_->count() + file_->count() + decode_->count() > 1)
      return Status(Code::Usage, "give one of --prompt, --file and --decode");
    TENON_ASSIGN(auto tokenizer, load());
    std::vector<int32_t> ids;
    if (decode_->count()) {
      TENON_ASSIGN(ids, parseTokenIds("--decode", ids_, static_cast<uint32_t>(tokenizer->vocabSize())));
      for (int32_t id : ids)
        if (!tokenizer->tokenText(id))
          return Status(Code::Usage, "--decode: the tokenizer has no token " + std::to_string(id));
      if (!json_) {
        const std::string text = tokenizer->decode(ids, showSpecial_);
        std::fwrite(text.data(), 1, text.size(), stdout);
        std::fputc('\n', stdout);
        return Status::ok();
      }
    } else {
      if (prompt_->count()) {
        TENON_TRY(checkPrompt(text_));
      } else {
        TENON_ASSIGN(text_, readText(file_->count() ? path_ : "-"));
      }
      TENON_ASSIGN(ids, tokenizer->encode(text_, !noSpecial_));
    }
    print(*tokenizer, ids);
    return Status::ok();
  }

private:
  Loaded load() const {
    const bool plain = endsWith(source_, ".json") || isFolder(source_);
    if ((plain || isGguf(source_)) && !signature_.keyFile.empty())
      return Status(Code::Usage, "'" + source_ + "' is no engine: --require-signature is for engines");
    if (plain) {
      const std::string path = isFolder(source_) ? source_ + "/tokenizer.json" : source_;
      TENON_ASSIGN(const std::string json, readWholeInput(path));
      return within(source_, text::Tokenizer::parse(json, {}));
    }
    if (isGguf(source_)) {
      TENON_ASSIGN(const ModelDirectory model, ModelDirectory::open(source_));
      if (model.tokenizer.tokenizer.empty())
        return Status(Code::Usage, model.tokenizer.absence);
      return within(source_, text::Tokenizer::parse(model.tokenizer.tokenizer, model.tokenizer.tokenizerConfig));
    }
    TENON_ASSIGN(const auto signers, signature_.signers());
    TENON_ASSIGN(const EngineFile file, EngineFile::open(source_, pointerTo(signers)));
    TENON_ASSIGN(auto tokenizer, tokenizerOf(file));
    if (!tokenizer)
      return Status(Code::Usage, "'" + source_ + "' holds no tokenizer: its model had none");
    return tokenizer;
  }

  void print(const text::Tokenizer &tokenizer, const std::vector<int32_t> &ids) const {
    if (!json_) {
      for (size_t i = 0; i < ids.size(); ++i)
        std::printf(i ? ",%d" : "%d", ids[i]);
      std::fputc('\n', stdout);
      return;
    }
    JsonWriter json;
    json.beginObject().field("schema_version", 1).key("ids").beginArray();
    for (int32_t id : ids)
      json.value(id);
    json.endArray().key("tokens").beginArray();
    for (int32_t id : ids)
      json.value(tokenizer.tokenText(id).value_or(""));
    json.endArray().field("text", tokenizer.decode(ids, showSpecial_));
    std::printf("%s\n", json.endObject().text().c_str());
  }

  SignatureFlags signature_;
  std::string source_, text_, path_, ids_;
  CLI::Option *prompt_ = nullptr, *file_ = nullptr, *decode_ = nullptr;
  bool noSpecial_ = false, showSpecial_ = false, json_ = false;
};

} // namespace

std::unique_ptr<Verb> makeTokenizeVerb() { return std::make_unique<TokenizeVerb>(); }

} // namespace tenon::cli
