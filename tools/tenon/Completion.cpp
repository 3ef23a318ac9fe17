// tenon completion: a script for bash, zsh or fish. It asks `tenon --options-of VERB`, so it never lags behind the
// program.
#include "tools/tenon/Verbs.h"

#include <CLI/CLI.hpp>
#include <cstdio>

namespace tenon::cli {
namespace {

constexpr const char *kVerbs =
    "compile plan swap-weights cache run tokenize inspect bench keygen sign verify diff doctor completion";

constexpr const char *kBash = R"sh(_tenon() {
  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} values=
  if [[ $current == = ]]; then # bash cuts --emit=plan into three words
    current=
  elif [[ $before == = ]]; then
    before=${COMP_WORDS[COMP_CWORD-2]}
  fi
  if ((COMP_CWORD > 2)) && [[ $before == -* ]]; then
    values=$(tenon --options-of "${COMP_WORDS[1]}" "$before" 2>/dev/null)
  fi
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "%s" -- "$current"))
  elif [[ -n $values ]]; then
    COMPREPLY=($(compgen -W "$values" -- "$current"))
  elif [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$(tenon --options-of "${COMP_WORDS[1]}" 2>/dev/null)" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _tenon tenon
)sh";

constexpr const char *kZsh = R"sh(#compdef tenon
_tenon() {
  if ((CURRENT == 2)); then
    compadd -- %s
  elif [[ $words[CURRENT-1] == -* && -n "$(tenon --options-of $words[2] $words[CURRENT-1] 2>/dev/null)" ]]; then
    compadd -- ${(f)"$(tenon --options-of $words[2] $words[CURRENT-1] 2>/dev/null)"}
  elif [[ $PREFIX == -* ]]; then
    compadd -- ${(f)"$(tenon --options-of $words[2] 2>/dev/null)"}
  else
    _files
  fi
}
compdef _tenon tenon
)sh";

constexpr const char *kFish = R"sh(complete -c tenon -n __fish_use_subcommand -f -a '%s'
complete -c tenon -n 'not __fish_use_subcommand' -a '(tenon --options-of (commandline -opc)[2] 2>/dev/null)'
)sh";

class CompletionVerb final : public Verb {
public:
  const char *name() const override { return "completion"; }
  const char *summary() const override { return "Print a completion script for a shell"; }
  const char *examples() const override {
    return "  source <(tenon completion bash)\n  tenon completion fish > ~/.config/fish/completions/tenon.fish\n";
  }
  void declare(CLI::App &app) override {
    app.add_option("shell", shell_, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  }
  Status run(Terminal &) override {
    std::printf(shell_ == "bash" ? kBash : shell_ == "zsh" ? kZsh : kFish, kVerbs);
    return Status::ok();
  }

private:
  std::string shell_;
};

} // namespace

std::unique_ptr<Verb> makeCompletionVerb() { return std::make_unique<CompletionVerb>(); }

} // namespace tenon::cli
