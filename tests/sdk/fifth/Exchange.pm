# A client of the exchange in Perl, with core modules alone. Everything that fails dies with an Exchange::Error.
package Exchange::Error;
use strict;
use warnings;

sub throw { my ($class, $kind, $message, %more) = @_; die bless {%more, kind => $kind, message => $message}, $class }

package Exchange;
use strict;
use warnings;
use Digest::SHA qw(hmac_sha256_hex);
use Errno qw(EAGAIN EWOULDBLOCK EINTR ETIMEDOUT);
use IO::Socket::IP;
use JSON::PP ();
use List::Util qw(min max);
use Math::BigFloat;
use Time::HiRes qw(time);
use Time::Local qw(timegm);

our $VERSION = '0.1.0';
my $LARGEST = 64 * 1024 * 1024;
my $WINDOW = 5000;
my $LONGEST_WAIT = 5;    # seconds that a read waits of itself when the exchange says how long to stay away
my $ATTEMPTS = 3;

# operation, method, path, credentials (none, any, token), whether it only reads, what it answers; then its
# parameters: "!" is required, then how it is written.
my %OPERATIONS = map { my @w = split; $w[0] => {name => $w[0], method => $w[1], path => $w[2], auth => $w[3], reads => $w[4] eq 'read',
    gives => $w[5], params => [map { /^(\w+)(!?):(\w+)$/ ? [$1, $2, $3] : die $_ } @w[6 .. $#w]]} } grep { /\S/ } split /\n/, <<'TABLE';
getQuotationsHome   GET  /market/data/quotations/home       none  read  object
getCoinTicker       GET  /market/data/quotations/coin       none  read  object coin!:text
getSparklines       GET  /market/data/quotations/sparklines none  read  list
getConvertPrice     GET  /market/convert/price              none  read  text   fromUnit!:text toUnit!:text
listSymbolThumbs    GET  /tx/spot/symbol-thumb-v2           none  read  list
placeSpotOrder      POST /tx/spot/add                       any   write text   symbol!:text direction!:side type!:type price:decimal amount!:decimal clientOrderId:text
cancelSpotOrder     POST /tx/spot/cancel                    any   write none   orderId!:text
listSpotOrders      GET  /tx/spot/list                      any   read  object symbol:text status:text pageNo:integer pageSize:integer
openFuturesPosition POST /tx/uorder/open                    any   write object contractCoinId!:integer direction!:side type!:type entrustPrice:decimal leverage!:integer volume!:integer
closeFuturesPosition POST /tx/uorder/close                  any   write object contractCoinId!:integer direction!:side type!:type entrustPrice:decimal volume!:integer
listFuturesOrders   GET  /tx/uorder/list                    any   read  object contractCoinId:integer pageNo:integer pageSize:integer
getSpotWallets      GET  /uc/asset/spot-wallets             any   read  list
getFuturesWallets   GET  /uc/asset/futures-wallets          any   read  list
getUserInfo         POST /uc/user-info                      any   read  object
countReferrals      POST /uc/referral/count                 any   read  number
listDeposits        GET  /uc/asset/deposits                 any   read  list
listWithdrawals     GET  /uc/asset/withdrawals              any   read  list
createApiKey        POST /uc/api-key/create                 token write object remark:text scopes!:text ips:text
listApiKeys         GET  /uc/api-key/list                   token read  list
updateApiKey        POST /uc/api-key/update                 token write object apiKey!:text remark:text scopes:text ips:text enabled:boolean
deleteApiKey        POST /uc/api-key/delete                 token write none   apiKey!:text
getApiKeyUsage      GET  /uc/api-key/usage                  token read  list   apiKey!:text
login               POST /uc/v2/login                       none  read  object
TABLE
my %WORDS = (side => {BUY => 0, SELL => 1}, type => {LIMIT => 0, MARKET => 1});

sub new {
    my ($class, %o) = @_;
    return bless {rest => $o{rest}, stream_url => $o{stream}, login => $o{login}, key => $o{key}, name_orders => $o{name_orders}, debug => $o{debug},
        timeout => ($o{timeoutMs} || 10000) / 1000, retry => ($o{retryMs} || 500) / 1000, ping => ($o{pingMs} || 20000) / 1000,
        silence => ($o{silenceMs} || 30000) / 1000, skew => 0, away_until => 0, secrets => {}}, $class;
}

sub knows { return exists $OPERATIONS{$_[1]} }

# --- text: JSON, percent-encoding, signatures -------------------------------------------------------------

# Numbers with a fraction become text with every digit; integers that Perl's JSON cannot hold stay text.
sub decode_json {
    my ($bytes) = @_;
    $bytes =~ s{("(?:[^"\\]++|\\.)*+")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)}{defined $1 ? $1 : _number($2)}ges;
    return JSON::PP->new->utf8->allow_nonref->decode($bytes);
}

sub _number {
    my ($token) = @_;
    return $token if $token =~ /^-?(?:0|[1-9]\d{0,17})$/;
    return $token if $token =~ /^-?0\d/;    # not JSON: let the parser say so
    return '"' . ($token =~ /[eE]/ ? Math::BigFloat->new($token)->bstr : $token) . '"';
}

sub encode { my ($text) = @_; utf8::encode($text); $text =~ s/([^A-Za-z0-9\-._~])/sprintf '%%%02X', ord $1/ge; return $text }

sub _plain { my ($v) = @_; return JSON::PP::is_bool($v) ? ($v ? 'true' : 'false') : "$v" }

# Pairs, in their order; what is undefined is left out.
sub encode_pairs { return join '&', map { encode($_->[0]) . '=' . encode(_plain($_->[1])) } grep { defined $_->[1] } @_ }

# What is signed are the characters that are sent.
sub canonical {
    my (%r) = @_;
    return join '', $r{timestamp}, $r{window}, uc $r{method}, $r{path}, (length $r{query} ? "?$r{query}" : ''), $r{body};
}

sub signature { my ($text, $secret) = @_; utf8::encode($_) for $text, $secret; return hmac_sha256_hex($text, $secret) }

# --- operations ---------------------------------------------------------------------------------------------

sub call {
    my ($self, $name, $given) = @_;
    my $op = $OPERATIONS{$name} or Exchange::Error->throw(unsupported => "there is no operation $name");
    return $self->_log_in($given) if $name eq 'login';
    my @pairs = _arguments($op, $given);
    my $own;
    if ($name eq 'placeSpotOrder') {    # an order with a name can be found again when its answer is lost
        ($own) = map { $_->[1] } grep { $_->[0] eq 'clientOrderId' } @pairs;
        push @pairs, [clientOrderId => $own = _order_name()] if !defined $own && $self->{name_orders};
    }
    my $result = eval { $self->_try($op, encode_pairs(@pairs)) };
    my $error = $@ or return $result;
    die $error unless $own && ref $error && $error->{maybe};
    my $symbol = (grep { $_->[0] eq 'symbol' } @pairs)[0][1];
    for my $again (0, 1) {
        $self->_pause($self->{retry}) if $again;
        my $page = eval { $self->_try($OPERATIONS{listSpotOrders}, encode_pairs([symbol => $symbol], [pageNo => 1], [pageSize => 100])) } or next;
        for my $order (@{$page->{content} || []}) {
            return $order->{orderId} if ref $order eq 'HASH' && ($order->{clientOrderId} // '') eq $own;
        }
    }
    $error->{message} .= "; the order $own may have been placed";
    die $error;
}

my $orders = 0;
sub _order_name { return sprintf 'pl-%x-%x-%x-%x', time * 1000, $$ & 0xffff, ++$orders, rand 2**31 }

sub _arguments {
    my ($op, $given) = @_;
    my %left = %{$given || {}};
    my (@pairs, %has);
    for my $p (@{$op->{params}}) {
        my ($name, $required, $how) = @$p;
        my $value = delete $left{$name};
        if (!defined $value) {
            Exchange::Error->throw(invalid => "$op->{name} needs $name") if $required;
            next;
        }
        my $bad = sub { Exchange::Error->throw(invalid => "$name: $_[0]") };
        $bad->('not a single value') if ref $value && !JSON::PP::is_bool($value);
        if (my $words = $WORDS{$how}) {
            $value = $words->{$value} // $bad->('one of ' . join ', ', sort keys %$words);
        } elsif ($how eq 'decimal') {
            $value =~ /^[0-9]{1,20}(?:\.[0-9]{1,16})?\z/ or $bad->('a decimal is digits, with at most 16 after the point');
        } elsif ($how eq 'integer') {
            $value =~ /^-?[0-9]+\z/ or $bad->('not an integer');
        } elsif ($how eq 'boolean') {
            $value = $value ? JSON::PP::true : JSON::PP::false unless JSON::PP::is_bool($value);
        } elsif ($required) {
            length $value or $bad->('empty');
        }
        push @pairs, [$name, $value];
        $has{$name} = $value;
    }
    Exchange::Error->throw(invalid => "$op->{name} has no parameter " . join ', ', sort keys %left) if %left;
    my ($price) = grep { /rice$/ } map { $_->[0] } @{$op->{params}};
    Exchange::Error->throw(invalid => "a limit order needs $price") if $price && defined $has{type} && $has{type} == 0 && !defined $has{$price};
    return @pairs;
}

sub _log_in {
    my ($self, $given) = @_;
    my $login = $self->{login};
    my %given = %{$given || {}};
    my $password = delete $given{password} // ($login && $login->{password});
    my ($as) = grep { defined } values %given;
    $as //= $login && $login->{name};
    Exchange::Error->throw(invalid => 'no name and password to log in with') unless defined $as && defined $password;
    $self->{secrets}{$password} = 1;
    my $parameter = $login ? $login->{parameter} : (keys %given)[0] // 'email';
    my $got = $self->_try($OPERATIONS{login}, encode_pairs([$parameter => $as], [password => $password]));
    my $token = $got->{Authorization};
    Exchange::Error->throw(unreadable => 'the login gave no token', maybe => 1) if !defined $token || ref $token || $token !~ /^[\x21-\x7e]+\z/;
    $self->{token} = $token;
    $self->{secrets}{$token} = 1;
    return $got;
}

sub token {
    my ($self) = @_;
    $self->_log_in({}) unless defined $self->{token};
    return $self->{token};
}

sub forget_token { delete $_[0]{token} }

# One operation, tried again where that can do no harm.
sub _try {
    my ($self, $op, $encoded) = @_;
    my ($attempt, $mended) = (0, 0);
    my $needs = $op->{auth};
    Exchange::Error->throw(invalid => "$op->{name} needs a login") if $needs eq 'token' && !$self->{login};
    Exchange::Error->throw(invalid => "$op->{name} needs a login or a key") if $needs eq 'any' && !$self->{login} && !$self->{key};
    my $how = $needs eq 'none' ? 'none' : $self->{login} ? 'token' : 'key';
    while (1) {
        $attempt++;
        my $stay = $self->{away_until} - time;
        if ($stay > 0) {
            Exchange::Error->throw(rate_limited => 'the exchange asked to stay away', retryAfterMs => int($stay * 1000 + 1)) if $stay > $LONGEST_WAIT;
            $self->_pause($stay);
        }
        my $fresh = $how eq 'token' && !defined $self->{token};
        my $token = $how eq 'token' ? $self->token : undef;
        my $result = eval { [$self->_once($op, $encoded, $how, $token)] };
        return $result->[0] if $result;
        my $error = $@;
        die $error unless ref $error;
        my $refused = $error->{kind} eq 'unauthorized' && ($error->{status} // 0) == 401 || $error->{kind} eq 'rejected' && ($error->{code} // 0) == 4000;
        if ($refused && !$mended++) {    # nothing was done: mend what may be wrong with the credentials, once
            if ($how eq 'token' && !$fresh) {
                $self->forget_token if ($self->{token} // '') eq $token;
                next;
            }
            if ($how eq 'key' && defined $error->{clock} && abs($error->{clock} - $self->{skew}) > 0.9) {
                $self->{skew} = $error->{clock};
                next;
            }
        }
        if ($error->{kind} eq 'rate_limited') {
            $self->{away_until} = max $self->{away_until}, time + $error->{retryAfterMs} / 1000 if $error->{retryAfterMs};
            die $error unless $op->{reads} && $attempt < $ATTEMPTS && ($error->{retryAfterMs} // 0) <= $LONGEST_WAIT * 1000;
            $self->_pause(_backoff($self->{retry}, $attempt)) unless $error->{retryAfterMs};
            next;
        }
        die $error if $attempt >= $ATTEMPTS || !$error->{again} || !($op->{reads} || $error->{unsent});
        $self->_pause(_backoff($self->{retry}, $attempt));
    }
}

sub _backoff { my ($first, $n) = @_; return $first * 2**min($n - 1, 5) * (1 + rand 0.25) }

sub _once {
    my ($self, $op, $encoded, $how, $token) = @_;
    my $posts = $op->{method} eq 'POST';
    my ($query, $body) = $posts ? ('', $encoded) : ($encoded, '');
    my %headers = (Accept => 'application/json', 'User-Agent' => "exchange-perl/$VERSION");
    $headers{'Content-Type'} = 'application/x-www-form-urlencoded' if $posts;
    $headers{Authorization} = $token if $how eq 'token';
    if ($how eq 'key') {
        my $stamp = int((time + $self->{skew}) * 1000);
        $self->{secrets}{$self->{key}{secret}} = 1;
        my $text = canonical(timestamp => $stamp, window => $WINDOW, method => $op->{method}, path => $op->{path}, query => $query, body => $body);
        @headers{qw(X-FT-APIKEY X-FT-TIMESTAMP X-FT-RECV-WINDOW X-FT-SIGN)} = ($self->{key}{name}, $stamp, $WINDOW, signature($text, $self->{key}{secret}));
    }
    my $began = time;
    my $answer = eval { $self->_http($op->{method}, $op->{path} . (length $query ? "?$query" : ''), \%headers, $posts ? $body : undef) };
    if (my $error = $@) {
        $self->log("$op->{method} $op->{path}: " . (ref $error ? "$error->{kind}: $error->{message}" : $error));
        die $error;
    }
    $self->log(sprintf '%s %s: %d in %.3f s', $op->{method}, $op->{path}, $answer->{status}, time - $began);
    return $self->_read($op, $answer, $began);
}

sub _read {
    my ($self, $op, $answer, $began) = @_;
    my ($status, $h) = @$answer{qw(status headers)};
    my $json = eval { [decode_json($answer->{body})] };
    my $top = $json && $json->[0];
    my $code = ref $top eq 'HASH' && defined $top->{code} && !ref $top->{code} && $top->{code} =~ /^-?\d+\z/ ? 0 + $top->{code} : undef;
    my $message = ref $top eq 'HASH' && defined $top->{message} && !ref $top->{message} ? $self->scrub($top->{message}) : "HTTP $status";
    my %known = (status => $status, defined $code ? (code => $code) : ());
    if ($status == 429) {
        my $after = _retry_after($h->{'retry-after'});
        Exchange::Error->throw(rate_limited => $message, %known, defined $after ? (retryAfterMs => int($after * 1000 + 2)) : ());    # rather a little late than early
    }
    if ($status == 401 || $status == 403) {
        my $clock = _http_date($h->{date});
        Exchange::Error->throw(unauthorized => $message, %known, defined $clock ? (clock => $clock + 0.5 - ($began + time) / 2) : ());
    }
    Exchange::Error->throw(server => $message, %known, maybe => 1, again => $status != 501) if $status >= 500;
    Exchange::Error->throw(unreadable => "HTTP $status is not followed", %known, maybe => 1) if $status >= 300 && $status < 400;
    Exchange::Error->throw(unreadable => "the answer is not JSON (HTTP $status)", %known, maybe => $status < 400) unless $json;
    if (defined $code && $code != 0) {
        my $clock = _http_date($h->{date});
        Exchange::Error->throw(rejected => $message, %known, defined $clock ? (clock => $clock + 0.5 - ($began + time) / 2) : ());
    }
    Exchange::Error->throw(unreadable => "a refusal without a code (HTTP $status)", %known) if $status >= 400;
    return undef if $op->{gives} eq 'none' && defined $code;
    my $payload = defined $code ? $top->{data} : $op->{auth} eq 'none' && $op->{name} ne 'login' ? $top : undef;
    my $kind = !defined $payload ? 'nothing' : ref $payload eq 'HASH' ? 'object' : ref $payload eq 'ARRAY' ? 'list' : ref $payload ? 'boolean' : 'text';
    my $wanted = $op->{gives} eq 'number' ? 'text' : $op->{gives};
    Exchange::Error->throw(unreadable => "the answer's payload is $kind, not $op->{gives}", %known, maybe => 1)
        if $kind ne $wanted || $kind eq 'text' && !length $payload || $op->{gives} eq 'number' && $payload !~ /^-?\d+\z/;
    return $op->{gives} eq 'text' ? "$payload" : $payload;
}

my %MONTH = do { my $n = 0; map { $_ => $n++ } qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec) };

sub _http_date {
    my ($text) = @_;
    return undef unless ($text // '') =~ /^\w{3}, (\d\d) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT/ && exists $MONTH{$2};
    return eval { timegm($6, $5, $4, $1, $MONTH{$2}, $3) };
}

sub _retry_after {
    my ($text) = @_;
    return undef unless defined $text;
    return $1 if $text =~ /^\s*(\d{1,6})\s*\z/;
    my $at = _http_date($text);
    return defined $at ? max 0, $at - time : undef;
}

# --- HTTP/1.1, one request a connection, one deadline for all of it ------------------------------------------

sub dial {
    my ($self, $url, $deadline) = @_;
    my ($scheme, $host, $port, $path) = $url =~ m{^(https?|wss?)://(\[[^\]]+\]|[^/:?#@]+)(?::(\d+))?(/[^#]*)?\z}
        or Exchange::Error->throw(invalid => 'the address is not one');
    my $tls = $scheme =~ /^(?:https|wss)\z/;
    $port //= $tls ? 443 : 80;
    (my $peer = $host) =~ tr/[]//d;
    Exchange::Error->throw(transport => 'TLS needs IO::Socket::SSL', unsent => 1) if $tls && !eval { require IO::Socket::SSL; 1 };
    my $socket = IO::Socket::IP->new(PeerHost => $peer, PeerPort => $port, Type => SOCK_STREAM, Timeout => max(0.01, $deadline - time));
    if (!$socket) {
        my $why = "$@";
        Exchange::Error->throw($! == ETIMEDOUT ? 'timeout' : 'transport', "no connection: $why", unsent => 1, again => $! != ETIMEDOUT);
    }
    if ($tls && !IO::Socket::SSL->start_SSL($socket, SSL_verify_mode => 1, SSL_hostname => $peer, SSL_verifycn_name => $peer,
            SSL_verifycn_scheme => 'http', Timeout => max(0.01, $deadline - time))) {
        Exchange::Error->throw(transport => 'the TLS handshake failed: ' . IO::Socket::SSL::errstr(), unsent => 1);
    }
    $socket->blocking(0);
    $socket->autoflush(1);
    return ($socket, $host . ($port == ($tls ? 443 : 80) ? '' : ":$port"), $path // '/');
}

# More bytes into the buffer: what was read, 0 at the end, undef when there is nothing yet.
sub more {
    my ($socket, $buffer, $wait) = @_;
    if (!($socket->can('pending') && $socket->pending)) {
        my $in = '';
        vec($in, fileno $socket, 1) = 1;
        return undef unless select($in, undef, undef, $wait) > 0;
    }
    my $n = sysread $socket, $$buffer, 65536, length $$buffer;
    return defined $n ? $n : $! == EAGAIN || $! == EWOULDBLOCK || $! == EINTR ? undef : 0;
}

sub send_all {
    my ($socket, $bytes, $deadline) = @_;
    local $SIG{PIPE} = 'IGNORE';
    while (length $bytes) {
        my $n = syswrite $socket, $bytes;
        if (defined $n) { substr $bytes, 0, $n, ''; next }
        return 0 unless $! == EAGAIN || $! == EWOULDBLOCK || $! == EINTR;
        return 0 if time > $deadline;
        my $out = '';
        vec($out, fileno $socket, 1) = 1;
        select undef, $out, undef, 0.02;
    }
    return 1;
}

sub _http {
    my ($self, $method, $target, $headers, $body) = @_;
    my $deadline = time + $self->{timeout};
    my ($socket, $host) = $self->dial($self->{rest}, $deadline);
    my %h = (%$headers, Host => $host, Connection => 'close', 'Accept-Encoding' => 'identity');
    $h{'Content-Length'} = length $body if defined $body;
    for (values %h) { Exchange::Error->throw(invalid => 'a header would hold a character that it cannot') if /[^\x20-\x7e]/ }
    my $request = join "\r\n", "$method $target HTTP/1.1", (map { "$_: $h{$_}" } sort keys %h), '', $body // '';
    my $sent = send_all($socket, $request, $deadline);    # an answer may be there even so
    my ($raw, $ended) = ('', 0);
    while (1) {
        my $answer = _parse(\$raw, $ended);
        return $answer if $answer;
        if ($ended) {
            Exchange::Error->throw(transport => 'the connection ended before an answer', maybe => 1, again => 1) unless $raw =~ /\r?\n\r?\n/;
            Exchange::Error->throw(unreadable => 'the answer is cut short', maybe => 1, again => 1);
        }
        Exchange::Error->throw(unreadable => 'the answer is too large', maybe => 1) if length $raw > $LARGEST;
        my $left = $deadline - time;
        Exchange::Error->throw(timeout => "no answer within $self->{timeout} s", maybe => 1) if $left <= 0;
        my $n = more($socket, \$raw, min $left, 0.02);
        $ended = 1 if defined $n && $n == 0;
        $self->tick if !defined $n;
    }
}

sub _parse {
    my ($raw, $ended) = @_;
    while (1) {
        Exchange::Error->throw(unreadable => 'the answer is not HTTP', maybe => 1) if length $$raw >= 9 && $$raw !~ m{^HTTP/1\.[01] };
        return undef unless $$raw =~ /^(.*?)\r?\n\r?\n/s;
        my ($head, $start) = ($1, $+[0]);
        my ($status) = $head =~ m{^HTTP/1\.[01] ([1-5]\d\d)\b} or Exchange::Error->throw(unreadable => 'the answer is not HTTP', maybe => 1);
        if ($status < 200) { substr $$raw, 0, $start, ''; next }
        my %h;
        for (split /\r?\n/, $head) { $h{lc $1} = $2 if /^([^:\s]+):[ \t]*(.*?)[ \t]*\z/ }
        my $body;
        if ($status == 204 || $status == 304) {
            $body = '';
        } elsif (lc($h{'transfer-encoding'} // '') =~ /chunked\z/) {
            my $at = $start;
            $body = '';
            while (1) {
                pos($$raw) = $at;
                return undef unless $$raw =~ /\G([0-9A-Fa-f]{1,8})[^\r\n]*\r\n/gc;
                my ($size, $from) = (hex $1, pos $$raw);
                last if $size == 0;
                return undef if length $$raw < $from + $size + 2;
                $body .= substr $$raw, $from, $size;
                $at = $from + $size + 2;
            }
        } elsif (defined $h{'content-length'}) {
            Exchange::Error->throw(unreadable => 'the answer has no length', maybe => 1) unless $h{'content-length'} =~ /^\d{1,12}\z/;
            return undef if length($$raw) - $start < $h{'content-length'};
            $body = substr $$raw, $start, $h{'content-length'};
        } else {
            return undef unless $ended;
            $body = substr $$raw, $start;
        }
        return {status => $status, headers => \%h, body => $body};
    }
}

# --- the rest of the client -----------------------------------------------------------------------------------

sub scrub {
    my ($self, $text) = @_;
    for my $secret (grep { length } keys %{$self->{secrets}}, $self->{login} ? $self->{login}{password} : (), $self->{key} ? $self->{key}{secret} : ()) {
        for my $form ($secret, encode($secret)) { $text =~ s/\Q$form\E/***/g }
    }
    return $text;
}

sub log {
    my ($self, $text) = @_;
    return unless $self->{debug};
    $text = $self->scrub($text);
    utf8::encode($text);
    print STDERR "exchange: $text\n";
}

sub _pause {
    my ($self, $seconds) = @_;
    my $until = time + $seconds;
    while ((my $left = $until - time) > 0) { select undef, undef, undef, min $left, 0.02; $self->tick }
}

sub stream { my ($self) = @_; return $self->{stream} //= Exchange::Stream->new($self) }
sub tick { my ($self) = @_; $self->{stream}->tick if $self->{stream} }
sub socket { my ($self) = @_; return $self->{stream} && $self->{stream}{socket} }
sub subscribe { my ($self, $topic) = @_; return $self->stream->subscribe($topic) }
sub unsubscribe { my ($self, $topic) = @_; return $self->stream->unsubscribe($topic) }
sub events { my ($self, $topic) = @_; return $self->stream->events($topic) }
sub book { my ($self, $symbol) = @_; return $self->stream->book($symbol) }
sub close { my ($self) = @_; $self->{stream}->close if $self->{stream}; delete @$self{qw(stream token)} }

# --- the stream: one connection, opened again by itself -------------------------------------------------------

package Exchange::Stream;
use strict;
use warnings;
use Digest::SHA qw(sha1);
use List::Util qw(min max);
use MIME::Base64 qw(encode_base64);
use Time::HiRes qw(time);

my $MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

sub new { my ($class, $client) = @_; return bless {client => $client, topics => {}, requests => {}, next => 0, fails => 0, retry_at => 0, kept => {}}, $class }

sub is_private { return $_[0] eq 'orders' || $_[0] eq 'account' }

sub subscribe {
    my ($self, $topic) = @_;
    return 1 if $self->{topics}{$topic} && $self->{topics}{$topic}{state} eq 'active';
    Exchange::Error->throw(invalid => 'a topic has 1 to 128 characters') unless defined $topic && length $topic && length $topic <= 128;
    Exchange::Error->throw(invalid => "$topic needs a login") if is_private($topic) && !$self->{client}{login};
    delete $self->{kept}{$topic};
    my $t = $self->{topics}{$topic} = {state => 'idle', at => 0, queue => [], seen => {}, order => []};
    my $deadline = time + 3 * $self->{client}{timeout};
    $self->{retry_at} = 0 if !$self->{socket} && !$self->{fails};
    while (1) {
        $self->tick;
        return 1 if $t->{state} eq 'active';
        if ($t->{error}) { delete $self->{topics}{$topic}; die $t->{error} }
        if (time > $deadline) {
            delete $self->{topics}{$topic};
            die $self->{trouble} if $self->{trouble};
            Exchange::Error->throw(timeout => "$topic was not acknowledged");
        }
        $self->_wait(0.02);
    }
}

sub unsubscribe {
    my ($self, $topic) = @_;
    my $t = delete $self->{topics}{$topic} or return 1;
    $self->{kept}{$topic} = $t->{queue};
    return 1 unless $self->{socket} && $t->{state} ne 'idle';
    my $socket = $self->{socket};
    my $id = $self->_ask({op => 'unsubscribe', args => [$topic]}, {op => 'unsubscribe', topic => $topic}) or return 1;
    while ($self->{socket} && $self->{socket} == $socket && $self->{requests}{$id}) { $self->tick; $self->_wait(0.02) if $self->{requests}{$id} }
    return 1;    # a connection that broke has no subscriptions
}

sub events {
    my ($self, $topic) = @_;
    $self->tick;
    my $queue = $self->{topics}{$topic} ? $self->{topics}{$topic}{queue} : $self->{kept}{$topic} || [];
    return [splice @$queue];
}

sub book {
    my ($self, $symbol) = @_;
    $self->tick;
    my $t = $self->{topics}{"depth.$symbol"};
    return {synced => 0, bids => [], asks => []} unless $t && $t->{book};
    my %sides = map { my $side = $t->{book}{$_}; my @k = sort { _compare($a, $b) } keys %$side; @k = reverse @k if $_ eq 'bids'; $_ => [map { [@{$side->{$_}}] } @k] } qw(bids asks);
    return {synced => $t->{synced} ? 1 : 0, %sides};
}

sub close {
    my ($self) = @_;
    $self->{topics} = {};
    if ($self->{socket}) { $self->_frame(8, pack 'n', 1000); $self->_drop('closed', 1) }
}

sub _wait {
    my ($self, $seconds) = @_;
    my $in = '';
    vec($in, fileno $self->{socket}, 1) = 1 if $self->{socket};
    select $in, undef, undef, $seconds;
}

# Everything that is due: read, connect, subscribe, ping. Does not wait, but for a connection or a login.
sub tick {
    my ($self) = @_;
    return if $self->{busy};
    local $self->{busy} = 1;
    if (!$self->{socket}) {
        return if !%{$self->{topics}} || time < $self->{retry_at};
        $self->_connect or return;
    }
    $self->_receive;
    return unless $self->{socket};
    my $now = time;
    return $self->_drop('silent for too long') if $now - $self->{heard} > $self->{client}{silence};
    for my $r (values %{$self->{requests}}) { return $self->_drop("no answer to $r->{op}") if $now > $r->{deadline} && $r->{op} ne 'ping' }
    if ($now >= $self->{ping_at}) {
        $self->{ping_at} = $now + $self->{client}{ping};
        $self->_ask({op => 'ping'}, {op => 'ping'}) or return;
    }
    for my $topic (sort keys %{$self->{topics}}) {
        my $t = $self->{topics}{$topic};
        next unless $t && $t->{state} eq 'idle' && $now >= $t->{at};
        next if is_private($topic) && !$self->_authenticated;
        return unless $self->{socket};
        $self->_ask({op => 'subscribe', args => [$topic]}, {op => 'subscribe', topic => $topic, t => $t}) or return;
        $t->{state} = 'pending';
    }
}

sub _authenticated {
    my ($self) = @_;
    return 1 if $self->{auth} eq 'done';
    return 0 if $self->{auth} eq 'pending' || time < $self->{auth_at};
    $self->{auth_fresh} = !defined $self->{client}{token};
    my $token = eval { $self->{client}->token };
    if (my $error = $@) { $self->_unauthenticated($error, ref $error && $error->{kind} =~ /^(?:unauthorized|rejected)\z/); return 0 }
    $self->{auth} = 'pending' if $self->_ask({op => 'auth', args => [$token]}, {op => 'auth'});
    return 0;
}

# Not let in: whoever waits for the first time is told, what was there before is tried again later.
sub _unauthenticated {
    my ($self, $error, $final) = @_;
    $self->{auth} = 'none';
    $self->{auth_at} = time + Exchange::_backoff($self->{client}{retry}, ++$self->{auth_fails});
    $self->{trouble} = $error;
    return unless $final;
    for my $topic (grep { is_private($_) } keys %{$self->{topics}}) { $self->{topics}{$topic}{error} = $error unless $self->{topics}{$topic}{was} }
}

sub _connect {
    my ($self) = @_;
    my $client = $self->{client};
    my $deadline = time + $client->{timeout};
    my $key = encode_base64(join('', map { chr int rand 256 } 1 .. 16), '');
    my $got = eval {
        my ($socket, $host, $path) = $client->dial($client->{stream_url}, $deadline);
        my $hello = join "\r\n", "GET $path HTTP/1.1", "Host: $host", 'Upgrade: websocket', 'Connection: Upgrade', "Sec-WebSocket-Key: $key", 'Sec-WebSocket-Version: 13', "User-Agent: exchange-perl/$Exchange::VERSION", '', '';
        my $buffer = '';
        Exchange::send_all($socket, $hello, $deadline) or Exchange::Error->throw(transport => 'the stream broke in its handshake');
        until ($buffer =~ /\r\n\r\n/) {
            Exchange::Error->throw(timeout => 'the stream does not open') if time > $deadline;
            Exchange::Error->throw(transport => 'the stream says too much') if length $buffer > 65536;
            my $n = Exchange::more($socket, \$buffer, 0.02);
            Exchange::Error->throw(transport => 'the stream ended in its handshake') if defined $n && !$n;
        }
        my ($head, $rest) = split /\r\n\r\n/, $buffer, 2;
        Exchange::Error->throw(transport => 'the stream does not upgrade: ' . substr $head, 0, 40) unless $head =~ m{^HTTP/1\.1 101\b};
        my $accept = encode_base64(sha1($key . $MAGIC), '');
        Exchange::Error->throw(transport => 'the stream accepts another key') unless $head =~ /^Sec-WebSocket-Accept:[ \t]*\Q$accept\E[ \t]*\r?$/mi;
        [$socket, $rest];
    };
    if (!$got) {
        $self->{trouble} = $@;
        $client->log('stream: ' . (ref $@ ? $@->{message} : $@));
        $self->_later;
        return 0;
    }
    $client->log('stream: connected');
    my $now = time;
    @$self{qw(socket buffer message heard ping_at auth auth_at auth_fails requests)} = (@$got, undef, $now, $now + $client->{ping}, 'none', 0, 0, {});
    return 1;
}

sub _later {
    my ($self) = @_;
    $self->{retry_at} = time + Exchange::_backoff($self->{client}{retry}, ++$self->{fails});
}

sub _drop {
    my ($self, $why, $wanted) = @_;
    my $socket = delete $self->{socket} or return;
    CORE::close $socket;
    $self->{client}->log("stream: $why");
    $self->{trouble} = bless {kind => 'transport', message => "the stream: $why"}, 'Exchange::Error';
    $self->{requests} = {};
    for my $t (values %{$self->{topics}}) { @$t{qw(state at synced)} = ('idle', 0, 0) }
    $self->_later unless $wanted;
}

sub _ask {
    my ($self, $frame, $about) = @_;
    my $id = ++$self->{next};
    $self->{requests}{$id} = {%$about, deadline => time + $self->{client}{timeout}};
    $self->{client}->log("stream: > $frame->{op} " . ($about->{topic} // ''));
    return $self->_frame(1, JSON::PP->new->utf8->canonical->encode({%$frame, id => "$id"})) ? $id : 0;
}

sub _frame {
    my ($self, $opcode, $payload) = @_;
    my $n = length $payload;
    my $mask = join '', map { chr int rand 256 } 1 .. 4;
    my $head = pack('C', 0x80 | $opcode) . ($n < 126 ? pack('C', 0x80 | $n) : $n < 65536 ? pack('Cn', 0x80 | 126, $n) : pack('CQ>', 0x80 | 127, $n));
    my $masked = $payload ^ substr($mask x (1 + $n / 4), 0, $n);
    return 1 if Exchange::send_all($self->{socket}, $head . $mask . $masked, time + $self->{client}{timeout});
    $self->_drop('it cannot be written to');
    return 0;
}

sub _receive {
    my ($self) = @_;
    my $n;
    while ($n = Exchange::more($self->{socket}, \$self->{buffer}, 0)) { $self->{heard} = time; $self->_frames or return }
    $self->_frames or return;
    $self->_drop('the other side ended it') if defined $n;
}

# Whole frames out of the buffer; false when the connection is gone.
sub _frames {
    my ($self) = @_;
    my $b = \$self->{buffer};
    while (length $$b >= 2) {
        my ($first, $second) = unpack 'CC', $$b;
        my ($n, $at) = ($second & 127, 2);
        my ($fin, $opcode) = ($first & 128, $first & 15);
        if ($first & 0x70 || $second & 128 || $opcode >= 8 && (!$fin || $n > 125)) { $self->_frame(8, pack 'n', 1002) and $self->_drop('it breaks the protocol'); return 0 }
        if ($n == 126) { return 1 if length $$b < 4; ($n, $at) = (unpack('n', substr $$b, 2, 2), 4) }
        elsif ($n == 127) { return 1 if length $$b < 10; ($n, $at) = (unpack('Q>', substr $$b, 2, 8), 10) }
        if ($n > $LARGEST) { $self->_frame(8, pack 'n', 1009) and $self->_drop('a frame is too large'); return 0 }
        return 1 if length $$b < $at + $n;
        my $payload = substr $$b, $at, $n;
        substr $$b, 0, $at + $n, '';
        if ($opcode == 9) { $self->_frame(10, $payload) or return 0; next }
        next if $opcode == 10;
        if ($opcode == 8) { $self->_frame(8, substr $payload, 0, 2) and $self->_drop('the exchange closed it'); return 0 }
        if ($opcode == 0 ? !defined $self->{message} : defined $self->{message}) { $self->_frame(8, pack 'n', 1002) and $self->_drop('fragments in disorder'); return 0 }
        $self->{message} = ($self->{message} // '') . $payload;
        next unless $fin;
        my $message = delete $self->{message};
        $self->_message($message);
        return 0 unless $self->{socket};
    }
    return 1;
}

sub _message {
    my ($self, $bytes) = @_;
    my $m = eval { Exchange::decode_json($bytes) };
    return $self->{client}->log('stream: < something that is not an object of JSON') unless ref $m eq 'HASH';
    return $self->_event($m) if defined $m->{topic} && !ref $m->{topic};
    return $self->{client}->log('stream: < ' . ($m->{message} // 'something without an id')) unless defined $m->{id} && !ref $m->{id};
    my $r = delete $self->{requests}{$m->{id}} or return;
    if ($r->{op} eq 'ping') { $self->{fails} = 0; return }
    my $ok = $m->{success};
    my $error = bless {kind => 'rejected', message => $self->{client}->scrub($m->{message} // "$r->{op} was refused"), code => $m->{code}}, 'Exchange::Error';
    if ($r->{op} eq 'auth') {
        if ($ok) { @$self{qw(auth auth_fails)} = ('done', 0); return }
        $self->{client}->forget_token;
        if (!$self->{auth_fresh}) { @$self{qw(auth auth_at)} = ('none', 0); return }    # the token was an old one
        return $self->_unauthenticated(bless({%$error, kind => 'unauthorized'}, 'Exchange::Error'), 1);
    }
    my $t = $r->{t} or return;
    return unless ($self->{topics}{$r->{topic}} // 0) == $t && $t->{state} eq 'pending';
    if ($ok) { @$t{qw(state was tries)} = ('active', 1, 0); $self->{fails} = 0; delete $self->{trouble} }
    elsif ($t->{was}) { @$t{qw(state at)} = ('idle', time + Exchange::_backoff($self->{client}{retry}, ++$t->{tries})) }
    else { $t->{error} = $error }
}

sub _event {
    my ($self, $m) = @_;
    my $topic = $m->{topic};
    my $t = $self->{topics}{$topic} or return;
    return unless $t->{state} eq 'active';
    return $self->_depth($topic, $t, $m) if $topic =~ /^depth\./;
    return push @{$t->{queue}}, $m->{data} unless $topic =~ /^trades\./;
    for my $trade (ref $m->{data} eq 'ARRAY' ? @{$m->{data}} : ()) {    # each once: after a reconnect some come again
        next if ref $trade ne 'HASH' || !defined $trade->{id} || $t->{seen}{$trade->{id}}++;
        push @{$t->{order}}, $trade->{id};
        delete $t->{seen}{shift @{$t->{order}}} if @{$t->{order}} > 20000;
        push @{$t->{queue}}, $trade;
    }
}

sub _depth {
    my ($self, $topic, $t, $m) = @_;
    my ($type, $seq, $d) = ($m->{type} // '', $m->{seq}, $m->{data});
    my $sound = defined $seq && ref $d eq 'HASH' && !grep { ref $_ ne 'ARRAY' || @$_ != 2 || grep { !defined || ref || !/^[0-9]+(?:\.[0-9]+)?\z/ } @$_ }
        map { ref $d->{$_} eq 'ARRAY' ? @{$d->{$_}} : undef } qw(bids asks);
    if ($sound && $type eq 'snapshot') {
        @$t{qw(book synced)} = ({bids => {}, asks => {}}, 1);
    } else {
        return unless $t->{synced};
        return if $sound && $seq <= $t->{seq};
        return $self->_resync($topic, $t) unless $sound && $type eq 'delta' && defined $m->{prevSeq} && $m->{prevSeq} == $t->{seq};
    }
    $t->{seq} = $seq;
    for my $side (qw(bids asks)) {
        for my $level (@{$d->{$side}}) {
            my $key = _normal($level->[0]);
            if ($level->[1] =~ /[1-9]/) { $t->{book}{$side}{$key} = $level } else { delete $t->{book}{$side}{$key} }
        }
    }
}

# Something is missing: a new subscription brings a new snapshot.
sub _resync {
    my ($self, $topic, $t) = @_;
    $self->{client}->log("stream: a gap in $topic");
    my $now = time;
    $t->{gaps} = $now - ($t->{gap_at} // 0) < 10 * $self->{client}{retry} ? ($t->{gaps} // 0) + 1 : 0;
    @$t{qw(synced state gap_at at)} = (0, 'idle', $now, $t->{gaps} ? $now + Exchange::_backoff($self->{client}{retry}, $t->{gaps}) : 0);
    $self->_ask({op => 'unsubscribe', args => [$topic]}, {op => 'unsubscribe', topic => $topic});
}

# Decimals as text: the same number has one key, and keys compare as numbers do.
sub _normal {
    my ($int, $fraction) = $_[0] =~ /^0*([0-9]*?)(?:\.([0-9]*?)0*)?\z/;
    return (length $int ? $int : '0') . '.' . ($fraction // '');
}

sub _compare {
    my ($x, $xf, $y, $yf) = map { split /\./, $_, 2 } @_;
    return length $x <=> length $y || $x cmp $y || $xf cmp $yf;
}

1;
