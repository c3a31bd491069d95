function(ctx) { secret: importstr '/etc/hostname' }
