#include "compiler/driver/Checks.h"

#include "compiler/driver/Depfile.h"
#include "runtime/io/OutputFile.h"
#include "runtime/text/Tokenizer.h"

namespace tenon {

Status checkOutputs(const CompileOptions &options, const std::vector<std::string> &inputs) {
  if (!options.output.empty())
    TENON_TRY(io::checkOutput(options.output, inputs));
  if (options.depfile.empty())
    return Status::ok();
  TENON_TRY(io::checkOutput(options.depfile, inputs));
  if (!options.output.empty())
    TENON_TRY(io::checkDistinct(options.depfile, options.output));
  return depfileText(options.output, inputs).status();
}

Status checkTokenizer(const ModelDirectory &directory) {
  const TokenizerFiles &files = directory.tokenizer;
  if (files.tokenizer.empty())
    return Status::ok();
  Status status = text::Tokenizer::parse(files.tokenizer, files.tokenizerConfig).status();
  // A GGUF file's metadata were made into that text.
  return directory.files.size() == 1 ? std::move(status).within(directory.source + ", as tokenizer.json")
                                     : std::move(status).within(directory.source);
}

} // namespace tenon
