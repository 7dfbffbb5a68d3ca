#!/usr/bin/env perl
# Drives Exchange.pm for the SDK gate: steps in on standard input, answers out on standard output (docs/sdk-driver.md).
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Exchange;
use JSON::PP ();

my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my $client;
$SIG{PIPE} = 'IGNORE';
binmode STDIN;
binmode STDOUT;
$| = 1;

sub client { return $client // Exchange::Error->throw(invalid => 'no client is open') }

my %do = (
    hello => sub {
        return {protocol => '1.0', sdk => {name => 'exchange-perl', version => $Exchange::VERSION, language => 'Perl'},
            features => [qw(token key sign streams private book)]};
    },
    open => sub {
        my ($step) = @_;
        my $c = $step->{config};
        $client->close if $client;
        $client = Exchange->new(rest => $c->{rest}, stream => $c->{stream}, login => $c->{login}, key => $c->{key}, %{$c->{timing}},
            debug => ($ENV{SDK_GATE_LOG} // '') eq 'debug');
        return undef;
    },
    call => sub { my ($step) = @_; return client()->call($step->{operation}, $step->{params}) },
    sign => sub {
        my ($step) = @_;
        my ($query, $body) = map { my $h = $step->{$_} || {}; Exchange::encode_pairs(map { [$_, $h->{$_}] } sort keys %$h) } qw(query form);
        my $text = Exchange::canonical(method => $step->{method}, path => $step->{path}, query => $query, body => $body,
            timestamp => $step->{timestamp}, window => $step->{window});
        return {query => $query, body => $body, canonical => $text, signature => Exchange::signature($text, $step->{secret})};
    },
    subscribe => sub { my ($step) = @_; client()->subscribe($step->{topic}); return undef },
    unsubscribe => sub { my ($step) = @_; client()->unsubscribe($step->{topic}); return undef },
    events => sub { my ($step) = @_; return {events => client()->events($step->{topic})} },
    book => sub {
        my ($step) = @_;
        my $book = client()->book($step->{symbol});
        return {%$book, synced => $book->{synced} ? JSON::PP::true : JSON::PP::false};
    },
    close => sub { $client->close if $client; undef $client; return undef },
    bye => sub { $client->close if $client; undef $client; return undef },
);

sub answer {
    my ($step) = @_;
    my $do = $do{$step->{do} // ''};
    my $result = eval { [$do ? $do->($step) : Exchange::Error->throw(unsupported => 'there is no such step')] };
    my $error = $@;
    my %answer = (id => 0 + $step->{id}, ref $step->{params} ? (given => $step->{params}) : ());
    return {%answer, ok => JSON::PP::true, result => $result->[0]} if $result;
    return {%answer, ok => JSON::PP::false, error => {kind => 'internal', message => "$error"}} unless ref $error && ref $error eq 'Exchange::Error';
    my %known = map { $_ => int $error->{$_} } grep { defined $error->{$_} } qw(code status retryAfterMs);
    return {%answer, ok => JSON::PP::false, error => {kind => $error->{kind}, message => "$error->{message}", %known}};
}

# The stream lives between the steps too.
my $buffer = '';
while (1) {
    while ($buffer =~ s/^([^\n]*)\n//) {
        my $line = $1;
        next unless $line =~ /\S/;
        my $step = eval { $json->decode($line) };
        if (!$step) { print STDERR "driver: a line that is not JSON\n"; next }
        print $json->encode(answer($step)), "\n";
        exit 0 if ($step->{do} // '') eq 'bye';
    }
    my $in = '';
    vec($in, fileno STDIN, 1) = 1;
    my $socket = $client && $client->socket;
    vec($in, fileno $socket, 1) = 1 if $socket;
    select $in, undef, undef, $client && $client->{stream} ? 0.02 : undef;
    $client->tick if $client;
    next unless vec $in, fileno STDIN, 1;
    my $n = sysread STDIN, $buffer, 65536, length $buffer;
    if (!$n) { $client->close if $client; exit 0 }
}
