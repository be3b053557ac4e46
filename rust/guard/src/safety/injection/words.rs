//! The vocabulary of injections, by class and in twelve languages. A `*` ends a stem. What a class is good for is said in `rules`.

/// Classes whose words are searched for; the others only count near one of these. Of each class: its name, and its words.
pub(crate) const WORDS: &[(&str, &str)] = &[
    (
        "drop!",
        "ignore nevermind revoke revokes ignores ignoring disregard* forget overlook override overrides overrid* bypass* discard* dismiss* circumvent* \
         disobey*  abandon ignorier* vergiss vergesst vergessen missachte* ueberschreib* uberschreib* umgehe ignorez ignorer oublie oubliez \
         oublier contourne* ignora ignorad ignoren olvida olvidate olvide olvidese olviden omite ignori ignorate dimentica dimenticate trascura ignorem esqueca \
         esquecer desconsidere negeer vergeet zignoruj* ignoruj* zapomnij pomin игнорируй* проигнорируй* забудь* yoksay* unut gormezden \
         忽略 无视 忘记 無視 忘れて 무시 잊어 تجاهل انس अनदेखा नज़रअंदाज़ भूल",
    ),
    (
        "prior",
        "previous* prior above earlier preceding former existing original initial past old all any every everything these those your system \
         given foregoing hitherto vorherig* bisherig* vorangegangen* obig* fruher* alle alles precedent* anterieur* toutes tous tout anterior* \
         previas previos todas todos todo tutte tutti tutto anteriores vorige eerdere bovenstaande poprzedni* wczesniejsz* wszystki* \
         предыдущ* прежни* все onceki tum butun 之前 以上 前面 先前 所有 上面 一切 以前 これまで 上記 すべて 이전 위의 모든 السابقة جميع كل पिछले सभी",
    ),
    (
        "order",
        "instruct* prompt prompts systemprompt rule rules guideline* directive* directions guidance protocol* policy policies guardrail* restriction* constraint* programming training \
         safeguard* filter filters safety anweisung* instruktion* regel regeln vorgaben richtlinie* consigne* directives regles regle \
         instruccion* reglas directrices istruzion* regole direttive instruco* regras diretrizes instructies regels opdrachten instrukcj* \
         polecen* zasady инструкци* указани* правил* talimat* komut* kural* 指令 指示 提示 规则 規則 命令 ルール 지시 명령 규칙 التعليمات الأوامر निर्देश* आदेश*",
    ),
    (
        "void",
        "ignored void voided cancelled canceled obsolete revoked lifted suspended outdated superseded invalid disregarded forgotten replaced",
    ),
    ("new", "new updated real actual true revised following next neue neuen nouvelle nouvelles nueva nuevas nuove nuova novas nova"),
    ("task", "task tasks goal goals objective* mission purpose role job aufgabe ziel tache tarea objetivo compito tarefa obiettivo"),
    (
        "you",
        "you your youre yourself u du dich dir dein* tu tus tes tua tuas tue te vous vos твои 你的 usted ti voce ty ты вы sen 你 您 あなた 너 당신 أنت",
    ),
    ("heed", "following follow obey obeying attention adhere comply complying listen heed befolge befolg* suis suivez segui seguire"),
    ("told", "told said gesagt dit dicho detto dito instructed taught wrote trained ordered"),
    ("boss", "developer* openai anthropic google microsoft creator* company administrator admin owner operator maker*"),
    ("name!", "dan evilgpt freegpt chaosgpt jailbreakgpt"),
    ("matter", "matter matters apply applies longer count counts mehr"),
    ("init", "initialized initialised configured programmed given prompted"),
    ("refuse", "refuse* refusing decline* object*"),
    ("now", "now henceforth jetzt nun maintenant desormais ahora adesso agora nu teraz теперь artik 现在 今"),
    ("from", "from ab von"),
    ("must", "must will shall should are have need only always answer respond act behave obey comply follow"),
    (
        "free!",
        "unrestricted uncensored unfiltered jailbroken jailbreak* unaligned unhinged untethered evilbot \
         unzensiert uneingeschrankt sin-censura illimitato",
    ),
    ("evil", "evil amoral unethical immoral lawless rogue malicious hacker villain criminal unlimited unbound devil chaotic"),
    ("be!", "pretend roleplay role-play simulate impersonate act behave imagine"),
    ("beweak", "become are play as respond answer speak operate function"),
    ("without", "without no zero lacking free ohne sans sin senza sem zonder bez без"),
    (
        "limit",
        "restrict* limit limits limitations filter* censor* moral* ethic* guideline* rule rules boundar* inhibition* content-policy safeguard*",
    ),
    ("longer", "longer more"),
    ("bound", "bound restricted limited constrained confined governed assistant chatbot follow obey subject"),
    ("mode", "mode modus modo"),
    ("modename!", "developer god debug admin administrator maintenance sudo root dev jailbreak opposite dan override privileged"),
    ("enable", "enable enabled enter activate activated activating switch turn unlock engage on entering initiate"),
    (
        "show!",
        "reveal* repeat print output recite disclose leak dump echo regurgitate verbatim expose divulge zeige zeig nenne wiederhole verrate affiche \
         montre revele repete muestra revela repite mostra rivela ripeti mostre repita toon herhaal pokaz ujawnij покажи раскрой повтори \
         göster 显示 透露 输出 重复 表示して 教えて 보여 알려 اظهر اكشف",
    ),
    (
        "showweak",
        "show tell give paste share display what which were whats write list summarize summarise translate copy provide send see is are",
    ),
    (
        "hidden",
        "system hidden initial original secret internal developer confidential underlying systeme sistema systemprompt sistem systemu systemow*",
    ),
    (
        "promptword",
        "prompt prompts instruct* message messages directive* configuration preprompt context brief briefing anweisung* instruccion* istruzion* instruco* consigne* instrukcj*",
    ),
    ("promptonly!", "prompt preprompt systemprompt prompts"),
    ("promptfar", "instruct* directive*"),
    ("words", "words text everything sentence sentences content contents lines all message"),
    ("above", "above preceding prior before"),
    ("verbatim", "verbatim exactly word unchanged precisely"),
    ("secretly", "dont never without not nicht pas nunca jamais non nao niet nie не kein secretly quietly silently"),
    (
        "telling",
        "tell telling inform* mention* notify* notif* alert* reveal* let letting ask asking show showing disclose sag sage sagen erwahn* dis dire diga digas dire digere diga zeg mow говори disclosing confirm confirming",
    ),
    (
        "userword!",
        "user users human humans customer customers client owner operator nutzer benutzer* kunde* utilisateur* usuario* utente* usuari* gebruiker* uzytkownik* пользовател*",
    ),
    ("hear", "know knowing knows notice noticing noticed aware see seeing"),
    ("secretword", "secret hidden confidential quiet"),
    ("keep", "keep stay remain hide conceal"),
    ("hail", "attention dear hey hello note notice message memo reminder warning important instruct* urgent todo"),
    ("ai!", "ai llm assistant assistants chatbot gpt chatgpt claude gemini copilot bard llama llms asistente assistente 助手 アシスタント"),
    ("aiweak", "agent model bot language processing reading"),
    ("aimust", "must should need needs shall required please instructed supposed ought has"),
    ("if", "if when as while"),
    ("call", "call invoke execute"),
    ("callweak", "use run trigger launch using calling"),
    ("tool!", "tool tools function functions plugin api endpoint"),
    ("pronto", "immediately now first must with please again before"),
    (
        "send",
        "send forward transfer email upload post wire exfiltrate transmit deliver submit leak append include encode embed attach add put",
    ),
    ("loot!", "password* credential* passphrase* conversation transcript confidential apikey secrets ssn api-key chat-history"),
    ("lootweak", "history data details email emails keys key balance card contacts files messages records information"),
    ("sink", "url link image parameter query webhook endpoint server address markdown pixel"),
    ("decode!", "decode decipher decrypt rot13 base64 unscramble deobfuscate"),
    ("put", "set put throw threw cast push lay leave toss brush wipe"),
    ("aside", "aside away out overboard"),
    ("were", "were was been got"),
    ("top", "top start beginning outset"),
    ("chat", "chat conversation session dialogue thread"),
    ("passive", "wurde wurden worden haben hat"),
    ("dative", "dir euch ihnen te ti vous"),
    ("toldthem", "dijeron ensenaron ordenaron dieron dito disseram detto dit dado dato"),
    ("mine", "my this our"),
    ("dropped", "ignored disregarded forgotten discarded overridden"),
    ("command", "order orders command commands"),
    ("first", "first opening"),
    ("sigas", "sigas siga sigais seguir"),
    ("dropweak!", "disable skip"),
    ("treat", "treat consider regard"),
    ("only", "only sole single"),
    ("wipe", "erase wipe delete clear purge reset"),
    ("leave", "leave exit quit"),
    ("safe", "safe"),
    ("as", "as"),
    ("chatword", "message question turn input line"),
    ("exist", "exist exists apply applies matter bind"),
    ("follows", "follow follows below"),
    ("real", "real true actual genuine"),
    ("who", "who"),
    ("are", "are were"),
    ("gone", "removed stripped lifted disabled deleted deactivated bypassed"),
    ("aligned", "aligned censored filtered moderated trained"),
    ("off", "off out"),
    ("guarding", "moderation safeguard* guardrail* censorship alignment ethic* moral*"),
    ("reader", "reading summarizing summarising processing reviewing parsing scanning crawling browsing evaluating grading screening"),
    ("this", "this these"),
    ("reply", "answering answer responding respond replying reply"),
    ("asked", "asked asks wanted wants requested requests"),
    ("past", "history log logs transcript"),
    ("verified", "verified authenticated confirmed elevated promoted"),
    ("boss2", "admin administrator root developer owner operator"),
    ("job", "manager managers director directors professor professors editor secretary principal coach teacher curator nurse surgeon"),
    ("follow", "follow execute obey perform comply run carry act"),
    ("override!", "override overwrite admin root sudo"),
    ("sys", "system admin security root safety"),
    ("engaged", "engaged authorized authorised confirmed accepted granted activated enabled code command priority"),
];

/// Words that are searched for besides: those of rules whose other words are everyday ones.
pub(crate) const ALSO: &str = "instruct instruccion instruco istruzion instrukcj anweisung consigne инструкци restrict uncensor ethic moral guideline directive refuse safeguard aside moderation summaris summariz";
