// `completion`: scripts that let shells complete verbs and flags. The scripts ask this program (`__complete`), so that they
// stay right when it changes.
import { command } from '../cli/command.ts';
import { UsageFailure } from '../cli/failure.ts';

const SHELLS: Readonly<Record<string, (name: string) => string>> = {
  bash: (name) => `# bash completion for ${name}
__${name}_complete() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(${name} __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F __${name}_complete ${name}
`,
  zsh: (name) => `#compdef ${name}
# zsh completion for ${name}
_${name}() {
  local -a found
  found=("\${(@f)$(${name} __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -- $found
}
compdef _${name} ${name}
`,
  fish: (name) => `# fish completion for ${name}
complete -c ${name} -f -a '(${name} __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
  powershell: (name) => `# powershell completion for ${name}
Register-ArgumentCompleter -Native -CommandName '${name}' -ScriptBlock {
    param($WordToComplete, $CommandAst, $CursorPosition)
    $Words = @($CommandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
    if ($WordToComplete -eq '') { $Words += '""' }
    (& ${name} __complete @Words 2>$null) | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
}
`,
};

export const completion = command({
  summary: 'Output shell completion code for the specified shell (bash, zsh, fish, powershell)',
  usage: 'SHELL',
  examples: ['completion bash > /etc/bash_completion.d/tkctl'],
  flags: {},
  async run(call, context) {
    const [shell, ...more] = call.args;
    if (shell === undefined) throw new UsageFailure('Shell not specified.');
    if (more.length > 0) throw new UsageFailure('Too many arguments. Expected only the shell type.');
    const script = SHELLS[shell];
    if (script === undefined) throw new UsageFailure(`Unsupported shell type ${JSON.stringify(shell)}.`);
    context.out.write(script(context.program));
    return 0;
  },
});
